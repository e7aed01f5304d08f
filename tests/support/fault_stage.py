"""The server of coded speech and the proxy before it, and the faults that happen to them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import grpc

from captioner.core.audio import SAMPLE_RATE, ms_to_samples
from tests.support.clock import ManualClock
from tests.support.coded_recogniser import CodedRecogniser, Profile, begin
from tests.support.fault_proxy import FaultProxy
from tests.support.riva_server import Result, RivaServer, ServedStream

_LOOK_S: Final = 0.001
_ALIVE_S: Final = 1.0
_FROZEN_STEP_S: Final = 0.02
_PATIENCE_S: Final = 0.1


class Stage:
    """What faults act on.

    Attributes:
        server: Recognises; `server.stop` and `server.start` kill and revive it.
        proxy: Stands before it.
        clock: The session's time.
        ends_with: Status with which the server ends its streams, at once and each new one; None
            lets them be.
        ends_once: Whether `ends_with` is for one stream only.
        pace: Seconds of the clock that the server takes for a second of audio; 0 takes none.
        mute: The server hears, but says nothing, now and on all streams of this time.
        says_twice: The server says each response twice.
        adds: What it says after each response besides, a response each.
        reads: False has the server take nothing in; it says empty responses instead.
        keeps_streams: False has the server forget what it heard and streams that are over, for
            hours of them.
    """

    def __init__(self, profile: Profile, clock: ManualClock) -> None:
        """Prepare; `server` and `proxy` are set before anything runs."""
        self.profile = profile
        self.clock = clock
        self.server: RivaServer
        self.proxy: FaultProxy
        self.ends_with: grpc.StatusCode | None = None
        self.ends_once = True
        self.pace = 0.0
        self.mute = False
        self.says_twice = False
        self.adds: list[Sequence[Result]] = []
        self.reads = True
        self.keeps_streams = True
        self.responses = 0
        self._heard_before = 0
        self._connections_seen = 0
        self._muted: set[int] = set()

    def end_streams(self, code: grpc.StatusCode, *, once: bool = True) -> None:
        """Have the server end its stream with ``code``, and new ones too unless ``once``."""
        self.ends_with, self.ends_once = code, once

    async def handle(self, stream: ServedStream) -> None:
        """Serve one stream: the handler of `server`."""
        try:
            await self._recognise(stream)
        finally:
            if not self.keeps_streams:
                self.server.streams.remove(stream)
                self._heard_before += stream.heard_samples
                self._muted.discard(stream.number)

    async def _recognise(self, stream: ServedStream) -> None:
        self._connections_seen = self.proxy.accepted
        recogniser: CodedRecogniser | None = None
        async for pcm in stream.audio():
            if not self.keeps_streams:
                stream.chunks.clear()
            if recogniser is None:
                recogniser = await begin(stream, self.profile)
            if await self._ends(stream):
                return
            while not self.reads:
                await stream.say()
                await self.clock.sleep(_ALIVE_S)
            if self.pace:
                await self.clock.sleep(self.pace * len(pcm) / 2 / SAMPLE_RATE)
            await self._say(stream, recogniser.hear(pcm))
        if recogniser is not None and not await self._ends(stream):
            await self._say(stream, recogniser.finish())

    async def _ends(self, stream: ServedStream) -> bool:
        code = self.ends_with
        if code is None:
            return False
        if self.ends_once:
            self.ends_with = None
        if code is not grpc.StatusCode.OK:
            await stream.abort(code, "as the fault wants it")
        return True

    async def _say(self, stream: ServedStream, responses: Iterable[Sequence[Result]]) -> None:
        if self.mute:
            self._muted.add(stream.number)
        if stream.number in self._muted:
            return
        for results in responses:
            for said in (*[results] * (1 + self.says_twice), *self.adds):
                await stream.say(*said)
                self.responses += 1

    @property
    def heard(self) -> int:
        """Samples that the server has heard over all its streams, replays included."""
        return self._heard_before + sum(stream.heard_samples for stream in self.server.streams)

    @property
    def expects_more(self) -> bool:
        """Whether what was fed must reach the server, or a new stream is being opened."""
        if not (self.proxy.newest_works and self.reads) or self.pace:
            return False
        if self.proxy.accepted > self._connections_seen:
            return True
        stream = self.server.streams[-1] if self.server.streams else None
        return stream is not None and not stream.ended and stream.number not in self._muted

    async def settle(self, heard: int) -> None:
        """Wait until nothing moves any more between client and server.

        Args:
            heard: What the server will have heard by then, unless something is in the way.
        """
        is_dialling = self.proxy.accepted > self._connections_seen
        if self.proxy.is_frozen or (is_dialling and self.proxy.newest_is_stuck):
            # How long a connection may take is counted in real time.
            await asyncio.sleep(_FROZEN_STEP_S)
        give_up = time.monotonic() + _PATIENCE_S
        while self.heard < heard and self.expects_more and time.monotonic() < give_up:  # noqa: ASYNC110 - the server is gRPC's
            await asyncio.sleep(_LOOK_S)
        before, now = None, (self.heard, self.responses)
        while now != before:
            await asyncio.sleep(_LOOK_S)
            before, now = now, (self.heard, self.responses)


Act = Callable[[Stage], Any]


async def happen(act: Act, stage: Stage) -> None:
    """Let ``act`` happen, a function or a coroutine function."""
    done = act(stage)
    if asyncio.iscoroutine(done):
        await done


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that happens once the speech has been heard up to a sample.

    Attributes:
        at: The sample.
        act: What happens; may be a coroutine function.
    """

    at: int
    act: Act

    async def happen(self, stage: Stage) -> None:
        """Let it happen."""
        await happen(self.act, stage)


def lasting(at: int, seconds: float, begin: Act, end: Act) -> list[Fault]:
    """Return a fault that ends after so many seconds of speech."""
    return [Fault(at, begin), Fault(at + ms_to_samples(1000 * seconds), end)]
