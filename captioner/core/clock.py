"""Time as a parameter, so that tests of timing need not wait."""

from __future__ import annotations

import asyncio
import time
from typing import Final, Protocol

_UPTIME: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))


class Clock(Protocol):
    """A monotonic clock that can also be waited on."""

    def now(self) -> float:
        """Return seconds on a scale that never goes back."""
        ...

    def uptime(self) -> float:
        """Return seconds on a scale that goes on while the computer sleeps, as `now` need not."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after ``seconds`` on this clock."""
        ...


class SystemClock:
    """The real one."""

    def now(self) -> float:
        """Return ``time.monotonic()``."""
        return time.monotonic()

    def uptime(self) -> float:
        """Return the time since the start of the computer, sleep included."""
        # Linux: BOOTTIME counts sleep, MONOTONIC does not. macOS: MONOTONIC counts it, unlike
        # time.monotonic(). Windows: time.monotonic() counts it (docs.python.org/3/library/time).
        return time.monotonic() if _UPTIME is None else time.clock_gettime(_UPTIME)

    async def sleep(self, seconds: float) -> None:
        """Wait on the running loop."""
        await asyncio.sleep(seconds)
