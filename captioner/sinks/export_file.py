"""The transcript in any format as a file that grows with every finished caption."""

from __future__ import annotations

import os
from pathlib import Path

from captioner.core.errors import ConfigurationError
from captioner.core.events import CaptionChanged, GapMarked, SessionEvent
from captioner.transcript.export import Spoken, TranscriptFormat
from captioner.transcript.growing import GrowingTranscript


class ExportFileWriter:
    """Writes a new file, readable by its owner only; after each caption it is whole and on disk."""

    def __init__(self, path: Path) -> None:
        """Begin ``path``, in the format that its ending names.

        Raises:
            ConfigurationError: It is there already, cannot be written, or has another ending.
        """
        self.path = path
        self._growing = GrowingTranscript(format_of(path))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise ConfigurationError(
                f"{path} is there already.", hint="Choose another name, or delete it first."
            ) from error
        except OSError as error:
            raise ConfigurationError(
                f"The transcript {path} cannot be written: {error.strerror}.",
                hint="Choose a folder that you may write to.",
            ) from error
        self._length = 0
        self._write(0, self._growing.head)

    def write(self, event: SessionEvent) -> None:
        """Add a finished caption or a gap; partials are not kept."""
        match event:
            case CaptionChanged(segment=segment) if segment.is_final and segment.text:
                self._add(segment)
            case GapMarked(gap=gap):
                self._add(gap)
            case _:
                pass

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _add(self, spoken: Spoken) -> None:
        self._write(*self._growing.add(spoken))

    def _write(self, over: int, text: str) -> None:
        content = text.encode()
        os.lseek(self._file, self._length - over, os.SEEK_SET)
        left = content
        while left:
            left = left[os.write(self._file, left) :]
        os.fsync(self._file)
        self._length += len(content) - over


def format_of(path: Path) -> TranscriptFormat:
    """Return the format that the ending of ``path`` names.

    Raises:
        ConfigurationError: There is none of that name.
    """
    try:
        return TranscriptFormat(path.suffix.removeprefix(".").lower())
    except ValueError:
        endings = ", ".join(f".{each.value}" for each in TranscriptFormat)
        raise ConfigurationError(
            f'"{path.name}" has no ending that names a format.',
            hint=f"Let the name end in one of {endings}.",
        ) from None
