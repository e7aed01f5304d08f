"""How an unsteady partial may be shown; `captioner.transcript.stability` acts on it."""

from __future__ import annotations

from enum import StrEnum


class StabilityMode(StrEnum):
    """How much of an unsteady partial the reader sees."""

    RESPONSIVE = "responsive"
    BALANCED = "balanced"
    STEADY = "steady"
