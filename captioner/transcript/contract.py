"""The JSON events that Captioner gives to other programs.

One object an event; the shapes are shared by JSON lines on standard output and every feed. Times
of words are milliseconds from the first audio of the session; ``timestamp`` is UTC, ISO 8601.
``segment_id`` rises by one after each final.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from captioner.core.errors import CaptionerError
from captioner.core.segment import Gap, Segment

AUDIO_LOST: Final = "AUDIO_LOST"


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_json(self) -> str:
        """Return the event as one line of JSON, without the optional fields that are absent."""
        return self.model_dump_json(exclude_none=True)


class WordItem(BaseModel):
    """One word of a transcription; ``start`` and ``end`` in milliseconds."""

    word: str
    start: int
    end: int
    confidence: float


class PartialEvent(_Event):
    """An utterance that is still being spoken."""

    type: Literal["partial"] = "partial"
    segment_id: int
    text: str
    is_final: Literal[False] = False
    timestamp: str
    processing_time_ms: float
    channel: str | None = None


class TranscriptionEvent(_Event):
    """An utterance that is finished."""

    type: Literal["transcription"] = "transcription"
    segment_id: int
    text: str
    is_final: Literal[True] = True
    timestamp: str
    processing_time_ms: float
    confidence: float
    words: list[WordItem]
    channel: str | None = None


class ErrorEvent(_Event):
    """Something went wrong; ``error`` is the sentence for a person.

    Lost audio has the code ``AUDIO_LOST`` and its place, in milliseconds like the times of words.
    """

    type: Literal["error"] = "error"
    error: str
    segment_id: int
    timestamp: str
    category: str | None = None
    code: str | None = None
    hint: str | None = None
    retryable: bool | None = None
    start: int | None = None
    end: int | None = None
    channel: str | None = None


def timestamp(moment: datetime | None = None) -> str:
    """Return ``moment``, by default now, as UTC in ISO 8601 with milliseconds."""
    moment = moment or datetime.now(UTC)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def event_from_segment(segment: Segment) -> PartialEvent | TranscriptionEvent:
    """Return the event that tells the present state of ``segment``."""
    if not segment.is_final:
        return PartialEvent(
            segment_id=segment.id,
            text=segment.text,
            timestamp=timestamp(),
            processing_time_ms=round(segment.processing_ms, 1),
            channel=segment.channel or None,
        )
    return TranscriptionEvent(
        segment_id=segment.id,
        text=segment.text,
        timestamp=timestamp(),
        processing_time_ms=round(segment.processing_ms, 1),
        confidence=segment.confidence,
        words=[
            WordItem(
                word=word.text, start=word.start_ms, end=word.end_ms, confidence=word.confidence
            )
            for word in segment.words
        ],
        channel=segment.channel or None,
    )


def event_from_error(error: CaptionerError, segment_id: int) -> ErrorEvent:
    """Return the event that tells of ``error`` while ``segment_id`` was the newest segment."""
    return ErrorEvent(
        error=error.message,
        segment_id=segment_id,
        timestamp=timestamp(),
        category=error.category.value,
        code=error.code or None,
        hint=error.hint or None,
        retryable=error.retryable,
    )


def event_from_gap(gap: Gap, segment_id: int) -> ErrorEvent:
    """Return the event that tells of lost audio while ``segment_id`` was the newest segment."""
    return ErrorEvent(
        error=gap.reason,
        segment_id=segment_id,
        timestamp=timestamp(),
        code=AUDIO_LOST,
        start=gap.start_ms,
        end=gap.end_ms,
        channel=gap.channel or None,
    )
