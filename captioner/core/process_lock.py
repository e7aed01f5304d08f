"""A file that one process at a time holds. However that process ends, the system lets go of it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_POLL_S: Final = 0.01


class ProcessLock:
    """Held from a `take` that succeeds to `release`, or to the end of the process.

    Child processes do not inherit it.
    """

    def __init__(self, path: Path) -> None:
        """Prepare to hold ``path``; its folder must be there."""
        self._path = path
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Return whether this process holds the file now, without waiting.

        Raises:
            OSError: The file cannot be opened.
        """
        if self._descriptor is None:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            if _lock(descriptor):
                self._descriptor = descriptor
            else:
                os.close(descriptor)
        return self._descriptor is not None

    @contextmanager
    def held(self, wait_s: float = 0.0) -> Iterator[bool]:
        """Hold the file for the length of a block, where it can be had.

        Args:
            wait_s: How long to wait for another process that holds it. Blocks.

        Yields:
            Whether it was got.

        Raises:
            OSError: The file cannot be opened.
        """
        give_up = time.monotonic() + wait_s
        while not (is_held := self.take()) and time.monotonic() < give_up:
            time.sleep(_POLL_S)
        try:
            yield is_held
        finally:
            self.release()

    def release(self) -> None:
        """Let others have it. The file stays: to remove it would let two hold one name."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _lock(descriptor: int) -> bool:
    with suppress(BlockingIOError, PermissionError):  # somebody else holds it
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415  # there is one on Windows alone

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415  # there is none on Windows

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
