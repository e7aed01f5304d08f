"""Holds audio back until it would have been heard."""

from __future__ import annotations

import asyncio

from captioner.core.audio import SAMPLE_RATE
from captioner.core.clock import Clock


class Pacer:
    """Releases audio by deadlines counted from the first call, so that no error adds up.

    ``close`` ends every wait at once.
    """

    def __init__(self, clock: Clock, *, speed: float = 1.0) -> None:
        """Prepare; ``speed`` 2.0 releases two seconds of audio a second."""
        self._clock = clock
        self._speed = speed
        self._began: float | None = None
        self._closed = asyncio.Event()

    async def wait_for(self, position: int) -> None:
        """Return when the sample at ``position`` (16 kHz, from 0) would have been heard."""
        if self._began is None:
            self._began = self._clock.now()
        due = self._began + position / SAMPLE_RATE / self._speed
        delay = due - self._clock.now()
        if delay <= 0 or self._closed.is_set():
            return
        waits = [
            asyncio.create_task(self._clock.sleep(delay), name="pacer-due"),
            asyncio.create_task(self._closed.wait(), name="pacer-closed"),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    def close(self) -> None:
        """Hold nothing back any more."""
        self._closed.set()
