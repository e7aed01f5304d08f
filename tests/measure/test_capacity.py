"""The search for how much a recogniser bears, on scripted curves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from captioner.measure.capacity import Outcome, find_capacity
from captioner.measure.result import Capacity


async def _search(judge: Callable[[int], Outcome], **bounds: int) -> tuple[Capacity, list[int]]:
    asked: list[int] = []

    async def attempt(streams: int) -> Outcome:
        asked.append(streams)
        return judge(streams)

    bounds = {"first": 1, "at_most": 1000} | bounds
    return await find_capacity(attempt, **bounds), asked


def _up_to(limit: int) -> Callable[[int], Outcome]:
    return lambda streams: Outcome.KEPT if streams <= limit else Outcome.BROKEN


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 9, 64, 100, 333])
async def test_the_limit_is_found_and_tried_twice(limit: int) -> None:
    found, asked = await _search(_up_to(limit))
    assert found.streams <= limit <= found.streams + max(1, 0.05 * found.streams)
    assert found.fails_at is not None
    assert found.fails_at > limit
    assert found.confirmed == 2
    assert asked.count(found.streams) == 2
    assert len(asked) <= 16


async def test_nothing_is_tried_beyond_what_was_asked_for() -> None:
    found, asked = await _search(_up_to(500), first=8, at_most=20)
    assert (found.streams, found.fails_at) == (20, None)
    assert asked == [8, 16, 20, 20]
    assert "20 is the most that was asked for" in found.confidence


async def test_a_recogniser_that_bears_nothing_has_no_capacity() -> None:
    found, asked = await _search(_up_to(0), first=4)
    assert (found.streams, found.fails_at) == (0, 1)
    assert asked == [4, 2, 1]


async def test_what_was_lucky_once_does_not_count() -> None:
    tries: dict[int, int] = {}

    def judge(streams: int) -> Outcome:
        tries[streams] = tries.get(streams, 0) + 1
        lucky = streams == 12 and tries[streams] == 1
        return Outcome.KEPT if streams <= 10 or lucky else Outcome.BROKEN

    found, _ = await _search(judge, first=4)
    assert (found.streams, found.fails_at, found.confirmed) == (10, 11, 2)


async def test_a_client_that_is_too_slow_is_not_taken_for_the_limit() -> None:
    found, _ = await _search(
        lambda streams: Outcome.KEPT if streams <= 30 else Outcome.SPOILED, first=8
    )
    assert found.streams in {29, 30}
    assert "the recogniser may bear more" in found.confidence


async def test_a_stop_tells_what_is_known() -> None:
    found, asked = await _search(lambda streams: Outcome.KEPT if streams < 4 else Outcome.STOPPED)
    assert (found.streams, asked) == (2, [1, 2, 4])
    assert "stopped" in found.confidence
