"""The transcript as a text file that grows with every finished caption."""

from __future__ import annotations

import os
from pathlib import Path

from captioner.core.errors import ConfigurationError
from captioner.core.events import CaptionChanged, GapMarked, SessionEvent
from captioner.transcript.export import plain_line


class TextFileWriter:
    """Appends one line a final, readable by its owner only and on disk at once."""

    def __init__(self, path: Path) -> None:
        """Open ``path`` for appending, with its folder.

        Raises:
            ConfigurationError: It cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError as error:
            raise ConfigurationError(
                f"The transcript {path} cannot be written: {error.strerror}.",
                hint="Choose a folder that you may write to.",
            ) from error
        self._file = os.fdopen(descriptor, "a", encoding="utf-8")
        self.path = path
        self.lines = 0

    def write(self, event: SessionEvent) -> None:
        """Append a finished caption or a gap; partials are not kept."""
        match event:
            case CaptionChanged(segment=segment) if segment.is_final and segment.text:
                self._append(plain_line(segment))
            case GapMarked(gap=gap):
                self._append(plain_line(gap))
            case _:
                pass

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _append(self, line: str) -> None:
        self._file.write(line + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.lines += 1
