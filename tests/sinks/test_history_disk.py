"""A disk that is really full, and one that really takes nothing: captions wait and land later."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sinks.test_history import Keeping, caption, wait_for

_MOUNT = "/bin/mount"


def mount(*arguments: str) -> None:
    subprocess.run([_MOUNT, *arguments], check=True, capture_output=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    if sys.platform != "linux":
        pytest.skip("file systems are made in other ways here")
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        mount("-t", "tmpfs", "-o", "size=1m", "captioner-test", str(folder))
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("file systems can be made by the administrator alone")
    yield folder
    subprocess.run(["/bin/umount", "--lazy", str(folder)], check=True)


def test_a_full_and_a_read_only_disk(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("captioner.sinks.history._RETRY_S", 0.05)
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(700_000))
    keeping = Keeping(disk)
    for number in range(2000):
        keeping.sink(caption(number, f"word {number} " + "x" * 100))
    wait_for(lambda: keeping.told)
    assert "no room on the disk" in keeping.told[0]
    mount("-o", "remount,size=8m", str(disk))
    wait_for(lambda: len(keeping.texts()) == 2000)
    wait_for(lambda: len(keeping.told) == 2)

    keeping.sink._close_file()  # so that the disk may be switched
    mount("-o", "remount,ro", str(disk))
    keeping.sink(caption(2000, "while it takes nothing"))
    wait_for(lambda: len(keeping.told) == 3)
    assert "cannot be kept" in keeping.told[2]
    mount("-o", "remount,rw", str(disk))
    wait_for(lambda: len(keeping.texts()) == 2001)
    keeping.sink.close()
    assert keeping.texts()[-1] == "while it takes nothing"
