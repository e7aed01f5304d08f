"""All log files of a profile together are bounded, and none that is in use is touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from captioner.telemetry import logs
from captioner.telemetry.log_room import lock_of, make_room
from captioner.telemetry.logs import configure_logging

_FILES = ("log", "log.1", "log.2")
_EACH = 3000

pytestmark = pytest.mark.usefixtures("own_logging")


def _left_by_processes(folder: Path, *names: str) -> None:
    """Leave what processes leave, a file of 1000 bytes an hour: the first name's are the oldest."""
    hour = 0
    for name in names:
        lock = lock_of(folder, name)
        assert lock.take()
        lock.release()
        for ending in reversed(_FILES):
            path = folder / f"{name}.{ending}"
            path.write_bytes(bytes(1000))
            os.utime(path, (3600 * hour, 3600 * hour))
            hour += 1


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.log*")}


def test_the_oldest_files_of_ended_processes_make_room(tmp_path: Path) -> None:
    _left_by_processes(tmp_path, "engine", "captioner", "captioner-2")
    make_room(tmp_path, most_bytes=5000, each_bytes=_EACH)
    newest = {"captioner-2.log", "captioner-2.log.1", "captioner-2.log.2"}
    assert _names(tmp_path) == newest | {"captioner.log", "captioner.log.1"}


def test_what_a_running_process_may_still_write_has_its_room(tmp_path: Path) -> None:
    _left_by_processes(tmp_path, "engine", "captioner", "captioner-2")
    in_use = lock_of(tmp_path, "engine")
    assert in_use.take()
    make_room(tmp_path, most_bytes=5000, each_bytes=_EACH)
    oldest = {f"engine.{ending}" for ending in _FILES}
    assert _names(tmp_path) == oldest | {"captioner-2.log", "captioner-2.log.1"}
    in_use.release()


def test_what_fits_is_left_alone_and_so_is_what_is_no_log_of_ours(tmp_path: Path) -> None:
    for name in ("notes.log", "crash-20260101-000000.log"):
        (tmp_path / name).write_bytes(bytes(9000))
    _left_by_processes(tmp_path, "engine", "captioner", "captioner-2")
    before = _names(tmp_path)
    make_room(tmp_path, most_bytes=9000, each_bytes=_EACH)
    assert _names(tmp_path) == before
    make_room(tmp_path, most_bytes=0, each_bytes=_EACH)
    assert _names(tmp_path) == {"notes.log", "crash-20260101-000000.log"}


def test_a_start_makes_room_and_keeps_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "_MAX_BYTES", 1000)
    monkeypatch.setattr(logs, "_MOST_BYTES", 6000)
    _left_by_processes(tmp_path, "captioner", "captioner-2", "engine", "commands")
    assert configure_logging(tmp_path, verbose=False, console=False) == tmp_path / "captioner.log"
    kept = {f"captioner.{ending}" for ending in _FILES}
    assert _names(tmp_path) == kept | {"commands.log", "commands.log.1"}
