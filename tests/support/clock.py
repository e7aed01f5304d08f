"""A clock that moves only when a test says so."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Callable
from itertools import count

_STEP_S = 0.05
_REAL_STEP_S = 0.002


class ManualClock:
    """Meets `captioner.core.clock.Clock`; time stands still between calls of `advance`."""

    def __init__(self, start_s: float = 1000.0) -> None:
        """Begin at ``start_s`` seconds, an arbitrary moment as with the real clock."""
        self._now = start_s
        self._slept_s = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []
        self._order = count()

    def now(self) -> float:
        """Return the present moment in seconds."""
        return self._now

    def uptime(self) -> float:
        """Return the present moment on a scale that counts `sleep_computer` too."""
        return self._now + self._slept_s

    def sleep_computer(self, seconds: float) -> None:
        """Let the computer have slept for ``seconds``; `now` knows nothing of it."""
        self._slept_s += seconds

    def jump(self, seconds: float) -> None:
        """Let ``seconds`` pass in which nothing ran, as in a machine that was paused."""
        self._now += seconds

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

    async def advance_until(
        self, condition: Callable[[], object], *, limit_s: float = 10.0
    ) -> None:
        """Move on in small steps until ``condition`` holds, at most ``limit_s`` real seconds.

        For what also waits on the world outside, such as a server that answers in its own time.
        """
        give_up = time.monotonic() + limit_s
        while not condition():
            assert time.monotonic() < give_up, "the condition did not become true in time"
            await self.advance(_STEP_S)
            await asyncio.sleep(_REAL_STEP_S)
