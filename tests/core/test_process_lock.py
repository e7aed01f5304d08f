"""One process at a time, and no leftovers of one that was killed."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from captioner.core.process_lock import ProcessLock

_HOLDER = (
    "import sys, pathlib; from captioner.core.process_lock import ProcessLock;"
    "lock = ProcessLock(pathlib.Path(sys.argv[1])); print(lock.take(), flush=True);"
    "sys.stdin.read()"
)


def test_another_process_keeps_it_until_it_is_killed(tmp_path: Path) -> None:
    lock = ProcessLock(tmp_path / "lock")
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(tmp_path / "lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        assert not lock.take()
        other.kill()
    assert lock.take()
    assert lock.take()  # it has it already


def test_a_child_does_not_keep_it(tmp_path: Path) -> None:
    lock = ProcessLock(tmp_path / "lock")
    assert lock.take()
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
    ):
        lock.release()
        assert ProcessLock(tmp_path / "lock").take()


def test_it_is_held_for_a_block_and_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first = ProcessLock(path)
    with first.held() as is_held, ProcessLock(path).held(0.05) as is_held_twice:
        assert (is_held, is_held_twice) == (True, False)
    assert first.take()
    later = threading.Timer(0.2, first.release)
    later.start()
    with ProcessLock(path).held(10) as is_held:
        assert is_held
    later.join()
    assert first.take()
