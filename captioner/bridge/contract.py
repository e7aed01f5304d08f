"""The JSON of the bridge: what clients may say, and what only they are told.

The events that it shares with the feed are in `captioner.transcript.contract`. Times of words are
milliseconds from the first audio of the recording.
"""

from __future__ import annotations

import json
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from captioner.transcript.contract import ErrorEvent, Event

AUDIO_FORMATS: Final = ("pcm16",)
"""16-bit little-endian samples, 16,000 a second, one channel."""

NO_RECOGNISER: Final = "NO_RECOGNISER"

_NOT_AN_OBJECT: Final = 'Messages are JSON objects with a "type".'


class _Command(BaseModel):
    """What a client says. Fields beside those of the contract are left alone."""

    model_config = ConfigDict(frozen=True, strict=True)


class StartRecording(_Command):
    """Audio follows, and is to be captioned."""

    type: Literal["start_recording"]


class StopRecording(_Command):
    """No more audio follows; the last words are to be told."""

    type: Literal["stop_recording"]


class Ping(_Command):
    """Is anybody there?"""

    type: Literal["ping"]


class Configure(_Command):
    """What is asked of the recogniser from now on; what is left out stays as it is."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    type: Literal["configure"]
    language_code: str | None = Field(default=None, min_length=1, max_length=35)
    model: str | None = Field(default=None, max_length=200)
    enable_automatic_punctuation: bool | None = None
    enable_word_time_offsets: bool | None = None
    interim_results: bool | None = None


Command: TypeAlias = StartRecording | StopRecording | Ping | Configure

_COMMANDS: Final[TypeAdapter[Command]] = TypeAdapter(
    Annotated[Command, Field(discriminator="type")]
)


class BadCommandError(Exception):
    """What a client said makes no sense; the text is the sentence for it."""


def command(message: str | bytes) -> Command:
    """Return what ``message`` says.

    Raises:
        BadCommandError: It is none of the commands.
    """
    try:
        told = json.loads(message)
    except (ValueError, RecursionError) as error:
        raise BadCommandError(_NOT_AN_OBJECT) from error
    if not isinstance(told, dict) or not isinstance(told.get("type"), str):
        raise BadCommandError(_NOT_AN_OBJECT)
    try:
        return _COMMANDS.validate_python(told)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] == "union_tag_invalid":
            raise BadCommandError(
                "There is no such message: say start_recording, stop_recording, configure or ping."
            ) from error
        field = str(first["loc"][-1])[:40]
        raise BadCommandError(f'"{field}": {first["msg"]}.') from error


class RecordingStartedEvent(Event):
    """Audio is taken from now on."""

    type: Literal["recording_started"] = "recording_started"
    timestamp: str


class RecordingStoppedEvent(Event):
    """A recording is over: all its words were told. ``total_duration`` is in seconds."""

    type: Literal["recording_stopped"] = "recording_stopped"
    final_transcript: str
    total_duration: float
    total_segments: int
    timestamp: str


class NoRecogniserEvent(ErrorEvent):
    """No recogniser can be reached now; the recording waits for one.

    ``code`` is the same for every reason; ``cause`` is the code of the error behind it, such as a
    status of gRPC, and ``category`` is that error's.
    """

    code: str | None = NO_RECOGNISER
    retryable: bool | None = True
    cause: str | None = None


class ConfiguredEvent(Event):
    """What holds from now on."""

    type: Literal["configured"] = "configured"
    language_code: str
    model: str
    enable_automatic_punctuation: bool
    enable_word_time_offsets: bool
    interim_results: bool
    timestamp: str
