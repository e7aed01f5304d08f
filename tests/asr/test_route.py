"""Which endpoint is next: failures in a row, refusals, and the way back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from captioner.asr.endpoint import Endpoint
from captioner.asr.route import Candidate, Failover, Takeover
from captioner.core.errors import CaptionerError, CredentialsError, EngineError, UnavailableError
from tests.support.clock import ManualClock

FAILURE = UnavailableError("gone")
REFUSAL = CredentialsError("no")
HOSTS = ("first", "second", "third")


class Ready:
    """Which endpoints answer a probe, and what came of it."""

    def __init__(self) -> None:
        self.hosts: set[str] = set()
        self.asked: list[str] = []
        self.returns = 0
        self.reasons: list[CaptionerError | None] = []

    async def is_ready(self, endpoint: Endpoint) -> bool:
        self.asked.append(endpoint.host)
        return endpoint.host in self.hosts

    def on_return(self) -> None:
        self.returns += 1


def candidate(host: str, *, may_take_over: bool = True) -> Candidate:
    async def locate() -> Endpoint:
        return Endpoint(host, 1)

    return Candidate(locate, may_take_over=may_take_over)


def failover(
    *candidates: Candidate, clock: ManualClock | None = None, ready: Ready | None = None
) -> Failover:
    ready = ready or Ready()
    return Failover(
        candidates or [candidate(host) for host in HOSTS],
        clock=clock or ManualClock(),
        is_ready=ready.is_ready,
        on_return=ready.on_return,
        on_away=ready.reasons.append,
        after=3,
        probe_interval_s=5.0,
    )


async def fail(route: Failover, times: int, error: CaptionerError = FAILURE) -> list[Takeover]:
    return [route.failed(await route.next(), error) for _ in range(times)]


async def host(route: Failover) -> str:
    return (await route.next()).host


@asynccontextmanager
async def watched(route: Failover) -> AsyncIterator[None]:
    task = asyncio.create_task(route.watch(), name="test-watch")
    await asyncio.sleep(0)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_so_many_failures_in_a_row_bring_the_next() -> None:
    seen = Ready()
    route = failover(ready=seen)

    assert await fail(route, 2) == [Takeover.NONE] * 2
    assert await host(route) == "first"
    assert await fail(route, 1) == [Takeover.AT_ONCE]
    assert await host(route) == "second"
    assert seen.reasons == [FAILURE]


async def test_a_success_in_between_begins_the_count_again() -> None:
    route = failover()
    await fail(route, 2)

    route.succeeded(await route.next())

    assert await fail(route, 2) == [Takeover.NONE] * 2


async def test_a_refusal_brings_the_next_at_once_and_is_not_tried_again() -> None:
    route = failover(candidate("first"), candidate("second"))

    assert await fail(route, 1, REFUSAL) == [Takeover.AT_ONCE]
    assert await fail(route, 3) == [Takeover.NONE] * 3
    assert await host(route) == "second"


async def test_when_all_refuse_there_is_nothing_left() -> None:
    route = failover(candidate("first"), candidate("second"))

    assert await fail(route, 2, REFUSAL) == [Takeover.AT_ONCE, Takeover.NONE]


async def test_audio_goes_only_where_it_may() -> None:
    route = failover(candidate("first"), candidate("hosted", may_take_over=False))

    assert await fail(route, 6) == [Takeover.NONE] * 6
    assert await host(route) == "first"


async def test_the_last_one_leads_back_to_the_first_but_not_without_a_pause() -> None:
    route = failover(candidate("first"), candidate("second"))
    await fail(route, 3)

    assert await fail(route, 3) == [Takeover.NONE, Takeover.NONE, Takeover.LATER]
    assert await host(route) == "first"
    assert (await fail(route, 3))[-1] is Takeover.LATER


async def test_an_endpoint_that_cannot_be_located_counts_as_failed() -> None:
    async def broken() -> Endpoint:
        raise EngineError("it did not start")

    route = failover(Candidate(broken), candidate("second"))
    for _ in range(3):
        with pytest.raises(EngineError) as caught:
            await route.next()
        outcome = route.failed(None, caught.value)

    assert outcome is Takeover.AT_ONCE
    assert await host(route) == "second"


async def test_a_channel_that_comes_late_follows_the_others() -> None:
    """Two channels fail on the same endpoint; the second does not move them on once more."""
    route = failover()
    endpoint = await route.next()
    for _ in range(3):
        route.failed(endpoint, FAILURE)
    assert await host(route) == "second"

    assert route.failed(endpoint, FAILURE) is Takeover.AT_ONCE
    assert await host(route) == "second"


async def test_the_preferred_one_is_used_again_once_it_is_ready() -> None:
    clock, ready = ManualClock(), Ready()
    route = failover(clock=clock, ready=ready)
    await fail(route, 3)
    async with watched(route):
        await clock.advance(11.0)
        assert ready.asked == ["first", "first"]
        assert await host(route) == "second"

        ready.hosts = {"first"}
        await clock.advance(5.0)

        assert await host(route) == "first"
        assert ready.returns == 1
        assert ready.reasons == [FAILURE], "it has not shown yet that it works"
        route.succeeded(await route.next())
        assert ready.reasons == [FAILURE, None]
        await clock.advance(60.0)
        assert len(ready.asked) == 3, "nobody is asked while the preferred one is used"


async def test_an_earlier_one_is_better_than_a_later_one() -> None:
    clock, ready = ManualClock(), Ready()
    route = failover(clock=clock, ready=ready)
    await fail(route, 6)
    assert await host(route) == "third"
    ready.hosts = {"second"}
    async with watched(route):
        await clock.advance(6.0)

    assert await host(route) == "second"


async def test_one_that_looks_ready_and_fails_again_is_asked_less_and_less() -> None:
    clock, ready = ManualClock(), Ready()
    route = failover(candidate("first"), candidate("second"), clock=clock, ready=ready)
    ready.hosts = {"first"}
    returned_at: list[float] = []
    async with watched(route):
        await fail(route, 3)
        for _ in range(3):
            before = ready.returns
            while ready.returns == before:
                await clock.advance(1.0)
            returned_at.append(clock.now())
            await fail(route, 3)
    assert returned_at[1] - returned_at[0] < returned_at[2] - returned_at[1]


async def test_a_refused_one_is_not_asked() -> None:
    clock, ready = ManualClock(), Ready()
    route = failover(clock=clock, ready=ready)
    await fail(route, 1, REFUSAL)
    async with watched(route):
        await clock.advance(60.0)

    assert ready.asked == []


@pytest.mark.parametrize(("slow", "looks_ready"), [("first", False), ("second", True)])
async def test_what_is_put_in_its_place_is_not_taken_for_the_one_that_was_asked(
    slow: str, *, looks_ready: bool
) -> None:
    clock, asked, answer = ManualClock(), asyncio.Event(), asyncio.Event()
    returned: list[str] = []

    async def is_ready(endpoint: Endpoint) -> bool:
        if endpoint.host != slow:
            return False
        asked.set()
        await answer.wait()
        return looks_ready

    route = Failover(
        [candidate(host) for host in HOSTS],
        clock=clock,
        is_ready=is_ready,
        on_return=lambda: returned.append("returned"),
        after=3,
    )
    await fail(route, 6)
    watching = asyncio.create_task(route.watch(), name="test-watch")
    await clock.advance_until(asked.is_set)
    route.replace([candidate("other"), candidate("hosted", may_take_over=False)][: 1 + looks_ready])
    answer.set()
    await clock.advance_until(lambda: clock.sleepers or watching.done())

    assert await host(route) == "other"
    assert returned == []
    assert not watching.done()
    watching.cancel()
    await asyncio.wait({watching})
