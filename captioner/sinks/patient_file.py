"""A file that is whole after each write, also on a disk that is full for a while."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

_MOST_WAITING: Final = 20_000


class PatientFile:
    """Writes each text wholly and to the disk; what the disk refuses waits for the next one.

    The user is told once that it waits, and once that it is written.
    """

    def __init__(self, path: Path, tell: Callable[[str], None], *, is_new: bool) -> None:
        """Open ``path`` for its owner only, with its folder.

        Args:
            path: The file.
            tell: Says something to the user; called on the thread that writes.
            is_new: Whether it must not be there yet; else what is there stays in front.

        Raises:
            OSError: It cannot be opened; `FileExistsError` where it must be new and is not.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | (os.O_EXCL if is_new else 0)
        self._file = os.open(path, flags, 0o600)
        self._path = path
        self._tell = tell
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._was_told = False

    def write(self, text: str, *, over: int = 0) -> None:
        """Write ``text`` at the end, instead of the last ``over`` bytes.

        Raises:
            OSError: The disk has refused for too long.
        """
        if text:
            self._waiting.append((over, text.encode()))
        try:
            self._write_waiting()
        except OSError as error:
            if len(self._waiting) > _MOST_WAITING:
                raise
            if not self._was_told:
                self._was_told = True
                self._tell(
                    f"{self._path} cannot be written: {error.strerror}. What is said waits, and "
                    "is written as soon as that is possible."
                )
        else:
            if self._was_told:
                self._was_told = False
                self._tell(f"{self._path} is written again, with all that waited.")

    def close(self) -> None:
        """Write what waits, and close the file.

        Raises:
            OSError: The disk refuses it still.
        """
        try:
            self._write_waiting()
        finally:
            os.close(self._file)

    def _write_waiting(self) -> None:
        while self._waiting:
            self._write(*self._waiting[0])
            self._waiting.popleft()

    def _write(self, over: int, content: bytes) -> None:
        place = os.lseek(self._file, -over, os.SEEK_END)
        before = os.read(self._file, over) if over else b""
        os.lseek(self._file, place, os.SEEK_SET)
        done = 0
        try:
            while done < len(content):
                done += os.write(self._file, content[done:])
            os.fsync(self._file)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._file, place)
                os.lseek(self._file, place, os.SEEK_SET)
                os.write(self._file, before)
            raise
