"""The one thing that the health dot says, and the sentence behind it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class HealthState(StrEnum):
    """What the dot shows."""

    STOPPED = "stopped"
    STARTING = "starting"
    LISTENING = "listening"
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
