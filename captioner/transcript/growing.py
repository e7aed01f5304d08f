"""A transcript as a file that grows, and that is a whole file of its format after each piece."""

from __future__ import annotations

from captioner.core.segment import Gap
from captioner.transcript.export import Spoken, TranscriptFormat, export
from captioner.transcript.subtitles import GrowingSubtitles

_EMPTY_LIST = "[]\n"
_LIST_END = "\n]\n"


class GrowingTranscript:
    """Says for each new piece what to write, and how much of the end to write over."""

    def __init__(self, form: TranscriptFormat) -> None:
        """Begin an empty file of the format ``form``."""
        self._form = form
        self._subtitles = (
            GrowingSubtitles("srt" if form is TranscriptFormat.SRT else "vtt")
            if form in {TranscriptFormat.SRT, TranscriptFormat.VTT}
            else None
        )
        self._is_empty = True

    @property
    def head(self) -> str:
        """What the file begins with."""
        if self._subtitles is not None:
            return self._subtitles.head
        return _EMPTY_LIST if self._form is TranscriptFormat.JSON else export([], self._form)

    def add(self, spoken: Spoken) -> tuple[int, str]:
        """Return how many letters of the end ``spoken`` writes over, and the text."""
        is_first, self._is_empty = self._is_empty, False
        if self._subtitles is not None:
            return 0, "" if isinstance(spoken, Gap) else self._subtitles.add(spoken)
        piece = export([spoken], self._form)
        match self._form:
            case TranscriptFormat.CSV:
                return 0, piece.removeprefix(self.head)
            case TranscriptFormat.MD:
                return 0, piece if is_first else f"\n{piece}"
            case TranscriptFormat.JSON if is_first:
                return len(_EMPTY_LIST), piece
            case TranscriptFormat.JSON:
                return len(_LIST_END), f",{piece.removeprefix('[')}"
            case _:
                return 0, piece
