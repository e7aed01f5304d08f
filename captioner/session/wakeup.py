"""Notices that the computer slept, or that this program was not run for a long while."""

from __future__ import annotations

from typing import Final

from captioner.core.clock import Clock

_SLEPT_S: Final = 1.0
_PAUSED_S: Final = 5.0
"""What sources hand over is held for so long; after a longer pause audio was lost anyway."""


class WakeupDetector:
    """Compares two clocks, several times a second.

    A clock that somebody sets is not looked at: both count from the start of the computer.
    """

    def __init__(self, clock: Clock) -> None:
        """Begin now."""
        self._clock = clock
        self._now = clock.now()
        self._uptime = clock.uptime()

    def look(self) -> float:
        """Return how many seconds were missed since the last look, 0.0 when none were."""
        now, uptime = self._clock.now(), self._clock.uptime()
        slept = (uptime - self._uptime) - (now - self._now)
        paused = now - self._now
        self._now, self._uptime = now, uptime
        if slept > _SLEPT_S:
            return slept + paused
        return paused if paused > _PAUSED_S else 0.0
