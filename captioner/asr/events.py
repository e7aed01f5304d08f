"""What a recogniser tells whoever listens to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from captioner.asr.endpoint import Endpoint
from captioner.asr.replay import LostAudio
from captioner.core.errors import CaptionerError
from captioner.core.hypothesis import Hypothesis


@dataclass(frozen=True, slots=True)
class Connected:
    """A stream to ``endpoint`` stands, and was not refused."""

    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class Heard:
    """The recogniser said something.

    Attributes:
        hypothesis: What it said; times are milliseconds of the session.
        processing_ms: From the moment the newest audio behind it was heard to now.
    """

    hypothesis: Hypothesis
    processing_ms: float


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The stream broke; another try follows.

    Attributes:
        error: Why.
        retry_in_s: When the next try begins.
        replays_all: Whether the next stream will hear all that no final covers. Where not, what
            was shown of the open utterance is the only record of its beginning.
    """

    error: CaptionerError
    retry_in_s: float
    replays_all: bool


@dataclass(frozen=True, slots=True)
class Parked:
    """No audio comes; the server has said all about what it heard, and nothing is heard again."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Audio that a broken stream heard, but that no final covers and that is no longer held."""

    audio: LostAudio


RecogniserEvent: TypeAlias = Connected | Heard | Interrupted | Parked | Lost
