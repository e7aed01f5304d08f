"""Feeding a recogniser and keeping what it says."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, Self

import numpy as np

from captioner.asr.endpoint import Endpoint
from captioner.asr.events import Connected, Heard, Interrupted, RecogniserEvent
from captioner.asr.recogniser import Recogniser
from captioner.asr.route import OnlyRoute
from captioner.asr.stream import StreamLimits
from captioner.core.audio import AudioChunk
from captioner.core.backoff import Backoff
from captioner.core.errors import CaptionerError
from captioner.riva.options import RecognitionOptions
from tests.support.riva_server import RivaServer
from tests.support.wait import until

CHUNK = 1600
"""Samples of 100 milliseconds."""


def ramp(start: int, end: int) -> bytes:
    """Return audio whose samples tell their position, from ``start`` to ``end`` in samples."""
    positions = np.arange(start, end, dtype=np.int64)
    return (positions * 7919 % 65536 - 32768).astype("<i2").tobytes()


def chunks(start: int, end: int, *, size: int = CHUNK, lost_before: int = 0) -> list[AudioChunk]:
    """Cut the ramp between two positions into chunks."""
    return [
        AudioChunk(
            pcm=ramp(begin, min(begin + size, end)),
            start=begin,
            captured_at=0.0,
            lost_before=lost_before if begin == start else 0,
        )
        for begin in range(start, end, size)
    ]


def feed(recogniser: Recogniser, start: int, end: int, *, is_loud: bool = True) -> None:
    """Give a recogniser the ramp between two positions at once."""
    for chunk in chunks(start, end):
        recogniser.feed(chunk, is_loud=is_loud)


def recogniser_for(server: RivaServer | Endpoint, **options: Any) -> Recogniser:  # noqa: ANN401 - those of `Recogniser`
    """Return a recogniser with short limits and short delays between tries."""
    options.setdefault(
        "limits", StreamLimits(connect_s=5.0, response_s=5.0, drain_s=5.0, ahead_s=60.0)
    )
    options.setdefault("backoff", Backoff(base_s=0.02, cap_s=0.05))
    route = OnlyRoute(server if isinstance(server, Endpoint) else server.endpoint)
    return Recogniser(route, RecognitionOptions(), **options)


class Listener:
    """Iterates a recogniser's events in a task of its own and keeps them."""

    def __init__(self, recogniser: Recogniser) -> None:
        self.recogniser = recogniser
        self.events: list[RecogniserEvent] = []
        self._task = asyncio.create_task(self._run(), name="test-listener")

    async def _run(self) -> None:
        async for event in self.recogniser.events():
            self.events.append(event)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})

    async def end(self, limit_s: float = 10.0) -> None:
        """Wait for the end of the events; raise what ended them."""
        async with asyncio.timeout(limit_s):
            await self._task

    async def error(self, limit_s: float = 10.0) -> CaptionerError:
        """Wait for the events to fail, and return why."""
        await asyncio.wait({self._task}, timeout=limit_s)
        assert self._task.done(), "the events go on"
        fault = self._task.exception()
        assert isinstance(fault, CaptionerError), fault
        return fault

    async def hears(self, text: str) -> Heard:
        """Wait for a hypothesis with this text."""
        found: list[Heard] = []

        def look() -> bool:
            found[:] = [heard for heard in self.heard if heard.hypothesis.text == text]
            return bool(found) or self._task.done()

        await until(look)
        assert found, self.texts
        return found[0]

    @property
    def is_over(self) -> bool:
        return self._task.done()

    @property
    def heard(self) -> list[Heard]:
        return [event for event in self.events if isinstance(event, Heard)]

    @property
    def texts(self) -> list[str]:
        return [heard.hypothesis.text for heard in self.heard]

    @property
    def finals(self) -> list[str]:
        return [heard.hypothesis.text for heard in self.heard if heard.hypothesis.is_final]

    @property
    def connected(self) -> int:
        return sum(isinstance(event, Connected) for event in self.events)

    @property
    def interruptions(self) -> list[Interrupted]:
        return [event for event in self.events if isinstance(event, Interrupted)]
