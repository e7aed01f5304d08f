"""The JSON events that Captioner gives to other programs.

One object an event; the shapes are shared by JSON lines on standard output and every feed. Times
of words are milliseconds from the first audio of the session; ``timestamp`` is UTC, ISO 8601.
``segment_id`` rises by one after each final; a segment's partials and its final share one. With two
channels two segments may be open at a time, each with its own ``channel``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from captioner.core.errors import CaptionerError
from captioner.core.health import Health
from captioner.core.segment import Gap, Segment

PROTOCOL_VERSION: Final = "1.0"
"""Of the JSON events; rises when a program that reads them would have to change."""

AUDIO_LOST: Final = "AUDIO_LOST"


class Event(BaseModel):
    """What programs are told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_json(self) -> str:
        """Return the event as one line of JSON, without the optional fields that are absent."""
        return self.model_dump_json(exclude_none=True)


@dataclass(slots=True)
class WordItem:
    """One word of a transcription; ``start`` and ``end`` in milliseconds.

    ``speaker`` is a number from 1 on, where the recogniser tells speakers apart.
    """

    word: str
    start: int
    end: int
    confidence: float
    speaker: int | None = None


class PartialEvent(Event):
    """An utterance that is still being spoken."""

    type: Literal["partial"] = "partial"
    segment_id: int
    text: str
    is_final: Literal[False] = False
    timestamp: str
    processing_time_ms: float
    channel: str | None = None


class TranscriptionEvent(Event):
    """An utterance that is finished; ``speaker`` where one person said all of it."""

    type: Literal["transcription"] = "transcription"
    segment_id: int
    text: str
    is_final: Literal[True] = True
    timestamp: str
    processing_time_ms: float
    confidence: float
    words: list[WordItem]
    channel: str | None = None
    speaker: int | None = None


class ErrorEvent(Event):
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


class ConnectionEvent(Event):
    """The first event of a connection; ``run`` names the program's run, whose ids count."""

    type: Literal["connection"] = "connection"
    status: Literal["connected"] = "connected"
    client_id: str
    message: str
    protocol_version: str = PROTOCOL_VERSION
    supported_audio_formats: list[str]
    run: str


class PongEvent(Event):
    """The answer to a ping."""

    type: Literal["pong"] = "pong"
    timestamp: str


FeedEvent: TypeAlias = Annotated[
    ConnectionEvent | PartialEvent | TranscriptionEvent | ErrorEvent | PongEvent,
    Field(discriminator="type"),
]
"""Whatever a feed says."""


def feed_schema() -> dict[str, Any]:
    """Return the JSON schema of what a feed says, for programs in other languages."""
    schema = TypeAdapter(FeedEvent).json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"captioner:feed:{PROTOCOL_VERSION}",
        **schema,
    }


def timestamp(moment: datetime | None = None) -> str:
    """Return ``moment``, by default now, as UTC in ISO 8601 with milliseconds."""
    moment = moment or datetime.now(UTC)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def event_from_segment(
    segment: Segment, shown: str | None = None
) -> PartialEvent | TranscriptionEvent:
    """Return the event that tells the present state of ``segment``.

    Args:
        segment: A partial or a final.
        shown: What a reader sees of a partial; None tells all of it.
    """
    if not segment.is_final:
        return PartialEvent(
            segment_id=segment.id,
            text=segment.text if shown is None else shown,
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
            WordItem(word.text, word.start_ms, word.end_ms, word.confidence, word.speaker or None)
            for word in segment.words
        ],
        channel=segment.channel or None,
        speaker=_only_speaker(segment),
    )


def _only_speaker(segment: Segment) -> int | None:
    speakers = {word.speaker for word in segment.words}
    return speakers.pop() or None if len(speakers) == 1 else None


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


def event_from_health(health: Health, segment_id: int) -> ErrorEvent:
    """Return the event that tells why there are no captions."""
    record = health.error
    return ErrorEvent(
        error=health.sentence,
        segment_id=segment_id,
        timestamp=timestamp(),
        category=record["category"] if record else None,
        code=(record["code"] or None) if record else None,
        hint=health.hint or None,
        retryable=record["retryable"] if record else None,
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
