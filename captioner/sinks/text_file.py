"""The transcript as a text file that grows with every finished caption."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from captioner.core.errors import ConfigurationError
from captioner.core.events import CaptionChanged, GapMarked, SessionEvent
from captioner.sinks.patient_file import PatientFile
from captioner.transcript.export import plain_line


class TextFileWriter:
    """Appends one line a final, readable by its owner only and on disk at once."""

    def __init__(self, path: Path, tell: Callable[[str], None]) -> None:
        """Open ``path`` for appending, with its folder.

        Args:
            path: The file.
            tell: Says something to the user, such as that the disk is full.

        Raises:
            ConfigurationError: It cannot be written.
        """
        try:
            self._file = PatientFile(path, tell, is_new=False)
        except OSError as error:
            raise ConfigurationError(
                f"The transcript {path} cannot be written: {error.strerror}.",
                hint="Choose a folder that you may write to.",
            ) from error
        self.path = path

    def write(self, event: SessionEvent) -> None:
        """Append a finished caption or a gap; partials are not kept."""
        match event:
            case CaptionChanged(segment=segment) if segment.is_final and segment.text:
                self._file.write(f"{plain_line(segment)}\n")
            case GapMarked(gap=gap):
                self._file.write(f"{plain_line(gap)}\n")
            case _:
                pass

    def close(self) -> None:
        """Close the file."""
        self._file.close()
