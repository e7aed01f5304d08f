"""Bounds all log files of a profile together: what processes left that have ended makes room.

Each process writes a file of its own, and the older ones beside it. The lock of a file's name tells
whether its process still runs.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

from captioner.core.process_lock import ProcessLock

_LOCK: Final = ".{}.lock"


def lock_of(log_dir: Path, name: str) -> ProcessLock:
    """Return what a process holds as long as it writes the log ``name``."""
    return ProcessLock(log_dir / _LOCK.format(name))


def make_room(log_dir: Path, *, most_bytes: int, each_bytes: int) -> None:
    """Remove the oldest log files of ended processes, until all fit into ``most_bytes``.

    A process that runs counts with ``each_bytes``, to which its files may grow, and keeps them. So
    it is more than that only where more processes run at a time than fit into it.

    Raises:
        OSError: The folder cannot be read.
    """
    names = [path.name[1 : -len(".lock")] for path in log_dir.glob(_LOCK.format("*"))]
    if len(names) * each_bytes <= most_bytes:
        return
    room = most_bytes
    left: list[tuple[float, int, Path, str]] = []
    for name in names:
        with lock_of(log_dir, name).held() as is_unused:
            if not is_unused:
                room -= each_bytes
                continue
        for path in (log_dir / f"{name}.log", *log_dir.glob(f"{name}.log.*")):
            with suppress(FileNotFoundError):
                found = path.stat()
                left.append((found.st_mtime, found.st_size, path, name))
    for _, size, path, name in sorted(left, reverse=True):
        room -= size
        if room < 0:
            with lock_of(log_dir, name).held() as is_unused:
                if is_unused:
                    _remove(path)


def _remove(path: Path) -> None:
    with suppress(OSError):  # somebody reads it, or it has gone: the next start tries again
        path.unlink()
