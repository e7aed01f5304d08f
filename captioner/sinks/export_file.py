"""The transcript in any format as a file that grows with every finished caption."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from captioner.core.errors import ConfigurationError
from captioner.core.events import CaptionChanged, GapMarked, SessionEvent
from captioner.sinks.patient_file import PatientFile
from captioner.transcript.export import Spoken, TranscriptFormat
from captioner.transcript.growing import GrowingTranscript


class ExportFileWriter:
    """Writes a new file, readable by its owner only; after each caption it is whole and on disk."""

    def __init__(self, path: Path, tell: Callable[[str], None]) -> None:
        """Begin ``path``, in the format that its ending names.

        Args:
            path: The file.
            tell: Says something to the user, such as that the disk is full.

        Raises:
            ConfigurationError: It is there already, cannot be written, or has another ending.
        """
        self.path = path
        self._growing = GrowingTranscript(format_of(path))
        try:
            self._file = PatientFile(path, tell, is_new=True)
        except FileExistsError as error:
            raise ConfigurationError(
                f"{path} is there already.", hint="Choose another name, or delete it first."
            ) from error
        except OSError as error:
            raise ConfigurationError(
                f"The transcript {path} cannot be written: {error.strerror}.",
                hint="Choose a folder that you may write to.",
            ) from error
        self._file.write(self._growing.head)

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
        self._file.close()

    def _add(self, spoken: Spoken) -> None:
        over, text = self._growing.add(spoken)
        self._file.write(text, over=over)


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
