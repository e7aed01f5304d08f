"""How streams share the decoders."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from captioner.core.errors import CaptionerError, EngineError
from captioner.engine.native import Decoder
from captioner.engine.scheduler import DecodeScheduler, Job, Lane
from tests.support.wait import until


class _NoDecoder:
    """Stands in where a job does not decode."""

    def close(self) -> None:
        pass


class _Desk:
    """A scheduler with one worker that is held up until `open` is called."""

    def __init__(self) -> None:
        self.scheduler = DecodeScheduler([cast("Decoder", _NoDecoder())])
        self.done: list[str] = []
        self.errors: list[CaptionerError] = []
        self.gate = threading.Event()
        self.scheduler.open_lane().submit_final(self.job("first", wait=True))

    def job(self, name: str, *, wait: bool = False, fault: Exception | None = None) -> Job[str]:
        def work(_decoder: Decoder) -> str:
            if wait:
                self.gate.wait(10)
            if fault is not None:
                raise fault
            return name

        return Job(work=work, deliver=self.done.append, fail=self.errors.append)

    async def open(self, count: int) -> list[str]:
        self.gate.set()
        await until(lambda: len(self.done) + len(self.errors) >= count)
        return self.done[1:]


@asynccontextmanager
async def _desk() -> AsyncIterator[_Desk]:
    desk = _Desk()
    # Until the worker is busy with the first job, the order of the others is not decided here.
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    try:
        yield desk
    finally:
        desk.gate.set()
        await desk.scheduler.close()


async def test_streams_take_turns() -> None:
    async with _desk() as desk:
        lanes = [desk.scheduler.open_lane() for _ in range(2)]
        for number in range(3):
            lanes[0].submit_final(desk.job(f"a{number}"))
        lanes[1].submit_partial(desk.job("b"))
        assert await desk.open(5) == ["a0", "b", "a1", "a2"]


async def test_newest_partial_replaces_the_older_and_finals_go_first() -> None:
    async with _desk() as desk:
        lane = desk.scheduler.open_lane()
        lane.submit_partial(desk.job("old"))
        lane.submit_partial(desk.job("new"))
        lane.submit_final(desk.job("final 1"))
        lane.submit_final(desk.job("final 2"))
        assert await desk.open(4) == ["final 1", "final 2", "new"]


async def test_closed_lane_is_forgotten() -> None:
    async with _desk() as desk:
        gone, kept = desk.scheduler.open_lane(), desk.scheduler.open_lane()
        gone.submit_final(desk.job("gone"))
        gone.submit_partial(desk.job("gone too"))
        kept.submit_final(desk.job("kept"))
        gone.close()
        assert await desk.open(2) == ["kept"]


async def test_fault_ends_its_own_job_only() -> None:
    async with _desk() as desk:
        lane = desk.scheduler.open_lane()
        lane.submit_final(desk.job("bad", fault=EngineError("as the test wants it")))
        lane.submit_final(desk.job("good"))
        assert await desk.open(3) == ["good"]
        assert [error.message for error in desk.errors] == ["as the test wants it"]


def test_lane_without_work_has_nothing_to_take() -> None:
    class _Nobody:
        def wake(self, lane: Lane) -> None:
            pass

    assert Lane(cast("DecodeScheduler", _Nobody())).take() is None
