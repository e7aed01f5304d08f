"""A clock that moves only when a test says so."""

from __future__ import annotations

import asyncio
import heapq
from itertools import count


class ManualClock:
    """Meets `captioner.core.clock.Clock`; time stands still between calls of `advance`."""

    def __init__(self, start_s: float = 1000.0) -> None:
        """Begin at ``start_s`` seconds, an arbitrary moment as with the real clock."""
        self._now = start_s
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []
        self._order = count()

    def now(self) -> float:
        """Return the present moment in seconds."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Return once time has been advanced by ``seconds``; at once for none."""
        if seconds <= 0:
            return
        woken = asyncio.Event()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), woken))
        await woken.wait()

    @property
    def sleepers(self) -> int:
        """How many tasks wait for a later moment, or have been cancelled while they did."""
        return len(self._sleepers)

    async def advance(self, seconds: float) -> None:
        """Move on by ``seconds``, waking each sleeper at its moment and letting it act."""
        end = self._now + seconds
        while self._sleepers and self._sleepers[0][0] <= end:
            self._now, _, woken = heapq.heappop(self._sleepers)
            woken.set()
            # A sleeper may go to sleep again within the time that is left.
            for _ in range(5):
                await asyncio.sleep(0)
        self._now = end
