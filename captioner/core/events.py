"""What a caption session tells its listeners. Plain values, delivered in order on the loop."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from captioner.core.audio import AudioLevel
from captioner.core.health import EndpointHealth, Health
from captioner.core.segment import Gap, Segment
from captioner.core.state import SessionState


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The session moved from one state to another."""

    state: SessionState


@dataclass(frozen=True, slots=True)
class HealthChanged:
    """The health dot changes its state or its sentence."""

    health: Health


@dataclass(frozen=True, slots=True)
class SourceChanged:
    """Another device is being heard.

    Attributes:
        kind: "system", "microphone", "file" or "stdin".
        name: The device's or the file's name, as a person knows it.
        channel: Whose source it is, as in `captioner.core.segment.Segment`.
    """

    kind: str
    name: str
    channel: str = ""


@dataclass(frozen=True, slots=True)
class LevelChanged:
    """How loud the newest audio of a channel is. At most ten a second and channel."""

    level: AudioLevel
    channel: str = ""


@dataclass(frozen=True, slots=True)
class EngineChanged:
    """Who recognises now.

    Attributes:
        name: What a person calls it: "Embedded engine", or the server's host and port.
        is_mock: True when the words are scripted, not recognised: every screen must say so.
    """

    name: str
    is_mock: bool = False


@dataclass(frozen=True, slots=True)
class EndpointHealthChanged:
    """How the server in use is has changed, or the reason of it."""

    health: EndpointHealth


@dataclass(frozen=True, slots=True)
class CaptionChanged:
    """A segment is new, has new text, or has become final.

    Attributes:
        segment: The segment as the transcript has it.
        shown: What the stability policy lets the reader see of it now. Equal to ``segment.text``
            for a final; for a partial often shorter, because an unsteady tail is held back.
        told_at: Monotonic seconds when the recogniser's words were there; 0.0 where it said none
            and the caption was made final without it.
        since_speech_s: With the first words that are shown of an utterance, the time since its
            speech began; with its final, the time since its speech ended; None otherwise.
    """

    segment: Segment
    shown: str
    told_at: float = field(default=0.0, compare=False)
    since_speech_s: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class GapMarked:
    """Audio was lost for good."""

    gap: Gap


SessionEvent: TypeAlias = (
    StateChanged
    | HealthChanged
    | SourceChanged
    | LevelChanged
    | EngineChanged
    | EndpointHealthChanged
    | CaptionChanged
    | GapMarked
)
