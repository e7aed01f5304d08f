"""What a session says of itself and of servers: states with their sentence, steps, and figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from captioner.core.errors import ErrorRecord


class HealthState(StrEnum):
    """What the dot shows."""

    STOPPED = "stopped"
    STARTING = "starting"
    LISTENING = "listening"
    DEGRADED = "degraded"
    NO_AUDIO = "no_audio"
    RECONNECTING = "reconnecting"
    FAILED = "failed"


class Concern(StrEnum):
    """What the reason of trouble has to do with, and so where its remedy is found."""

    SOURCE = "source"
    RECOGNISER = "recogniser"


@dataclass(frozen=True, slots=True)
class Health:
    """Why there are, or are not, captions right now.

    Attributes:
        state: Coarse state for the dot.
        sentence: One sentence in plain words, such as "No sound is reaching the microphone".
        hint: What the user can do; empty when all is well.
        concern: What the trouble has to do with; None where there is none, or nobody knows.
        other_output: Name of the output to hear instead, where sound goes there.
        error: The error behind it, in English; None where it comes from none.
    """

    state: HealthState
    sentence: str
    hint: str = ""
    concern: Concern | None = field(default=None, compare=False)
    other_output: str = field(default="", compare=False)
    error: ErrorRecord | None = field(default=None, compare=False)


class EndpointState(StrEnum):
    """How a server is.

    UNKNOWN: not asked yet, or it tells nothing of itself, as hosted functions do.
    STARTING: it runs, but its models are not loaded; a NIM's first start takes half an hour.
    READY: it has a model for streaming.
    DEGRADED: it recognises, but late or with losses.
    DOWN: it cannot be used now.
    """

    UNKNOWN = "unknown"
    STARTING = "starting"
    READY = "ready"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class EndpointHealth:
    """Whether a server can be used, and why.

    Attributes:
        server: What a person calls it.
        state: Coarse state.
        reason: One sentence in plain words.
        fix: What the user can do; empty when all is well.
        error: The error behind it, in English; None where it comes from none.
    """

    server: str
    state: EndpointState
    reason: str
    fix: str = ""
    error: ErrorRecord | None = field(default=None, compare=False)


class ProbeKind(StrEnum):
    """The steps of an examination of a server, in the order in which they are made."""

    NAME = "name"
    CONNECTION = "connection"
    ENCRYPTION = "encryption"
    PROTOCOL = "gRPC"
    HEALTH = "gRPC health"
    MODELS = "models"
    KEY = "key"
    CHOICE = "model and language"
    TIME = "time of a call"
    HTTP = "HTTP readiness"
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True)
class ProbeOutcome:
    """What one step met.

    Attributes:
        kind: Which one.
        is_good: True when it speaks for the server, False when against it, None for neither.
        said: What was found, or why nothing was.
        fix: What the user can do; empty where the verdict says it, or where all is well.
    """

    kind: ProbeKind
    is_good: bool | None
    said: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class SessionFigures:
    """How well captions go, in numbers; of the present run, or of the last one.

    Attributes:
        recogniser: Who recognises, as a person calls it; empty before a stream stood.
        latency_ms: From the newest audio that the newest caption rests on to that caption.
        latency_p95_ms: What 95 of 100 captions of the last five minutes stayed below.
        lag_s: Seconds of audio that the recogniser is behind.
        reconnects: How often a stream stood again after one had broken.
        lost_ms: Audio that no recogniser heard, in milliseconds of all channels.
    """

    recogniser: str = ""
    latency_ms: float | None = None
    latency_p95_ms: float | None = None
    lag_s: float = 0.0
    reconnects: int = 0
    lost_ms: int = 0
