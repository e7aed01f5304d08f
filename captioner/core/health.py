"""The one thing that the health dot says, and the sentence behind it; and how a server is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class HealthState(StrEnum):
    """What the dot shows."""

    STOPPED = "stopped"
    STARTING = "starting"
    LISTENING = "listening"
    DEGRADED = "degraded"
    NO_AUDIO = "no_audio"
    RECONNECTING = "reconnecting"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Health:
    """Why there are, or are not, captions right now.

    Attributes:
        state: Coarse state for the dot.
        sentence: One sentence in plain words, such as "No sound is reaching the microphone".
        hint: What the user can do; empty when all is well.
    """

    state: HealthState
    sentence: str
    hint: str = ""


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
    """

    server: str
    state: EndpointState
    reason: str
    fix: str = ""
