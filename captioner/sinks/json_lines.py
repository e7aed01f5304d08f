"""Captions as JSON lines, one event of the JSON contract a line."""

from __future__ import annotations

from typing import TextIO

from captioner.core.errors import CaptionerError
from captioner.core.events import CaptionChanged, GapMarked, SessionEvent
from captioner.telemetry.caption_lines import log_written
from captioner.transcript.contract import event_from_error, event_from_gap, event_from_segment


class JsonLinesWriter:
    """Writes partials, transcriptions and errors to a text stream."""

    def __init__(self, stream: TextIO) -> None:
        """Write to ``stream``, which stays open at the end."""
        self._stream = stream
        self._newest_segment = 0

    def write(self, event: SessionEvent) -> None:
        """Write a caption, or a gap, as one line; other events have no line."""
        match event:
            case CaptionChanged():
                self._newest_segment = event.segment.id
                self._line(event_from_segment(event.segment).to_json())
                log_written(event.segment, "jsonl")
            case GapMarked():
                self._line(event_from_gap(event.gap, self._newest_segment).to_json())
            case _:
                pass

    def write_error(self, error: CaptionerError) -> None:
        """Write what ended the captions."""
        self._line(event_from_error(error, self._newest_segment).to_json())

    def close(self) -> None:
        """Flush the stream."""
        self._stream.flush()

    def _line(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()
