"""How many streams a recogniser bears: doubled until the limits break, then bisected."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from captioner.measure.result import Capacity

_WITHIN: Final = 0.05
"""The search ends so near the limit, as a part of it, or at one stream."""

_RUNS: Final = 2
"""So often a number must keep the limits: one run may have been lucky."""


class Outcome(Enum):
    """How a number of streams did."""

    KEPT = auto()
    """The limits were kept."""

    BROKEN = auto()
    """They were not."""

    SPOILED = auto()
    """The measuring side did not keep up, so that nothing follows for the recogniser."""

    STOPPED = auto()
    """The user wants no more."""


@dataclass(slots=True)
class _Search:
    """What is known so far: ``kept`` has how often each number kept the limits."""

    kept: dict[int, int]
    fails_at: int | None = None
    spoiled_at: int | None = None
    is_stopped: bool = False

    @property
    def best(self) -> int:
        return max(self.kept, default=0)

    def note(self, streams: int, outcome: Outcome) -> None:
        match outcome:
            case Outcome.KEPT:
                self.kept[streams] = self.kept.get(streams, 0) + 1
            case Outcome.STOPPED:
                self.is_stopped = True
            case Outcome.BROKEN | Outcome.SPOILED:
                # What broke once is too much, also where it was kept before.
                for number in [number for number in self.kept if number >= streams]:
                    del self.kept[number]
                if self.fails_at is None or streams < self.fails_at:
                    self.fails_at = streams
                    self.spoiled_at = streams if outcome is Outcome.SPOILED else None


async def find_capacity(
    attempt: Callable[[int], Awaitable[Outcome]], *, first: int, at_most: int
) -> Capacity:
    """Return the largest number of streams that keeps the limits.

    Args:
        attempt: Tries a number of streams.
        first: The number that is tried first.
        at_most: No larger number is tried.
    """
    search = _Search({})
    streams: int | None = min(first, at_most)
    while streams is not None:
        search.note(streams, await attempt(streams))
        streams = _next(search, streams, at_most)
    return Capacity(
        streams=search.best,
        fails_at=search.fails_at,
        confirmed=search.kept.get(search.best, 0),
        confidence=_confidence(search, at_most),
    )


def _next(search: _Search, tried: int, at_most: int) -> int | None:
    """Return the number to try now; None where the search is over."""
    best, fails_at = search.best, search.fails_at
    if search.is_stopped:
        return None
    if fails_at is None and best < at_most:
        return min(2 * tried, at_most)
    if fails_at is not None and fails_at - best > max(1, _WITHIN * best):
        return (best + fails_at) // 2
    return best if best and search.kept[best] < _RUNS else None


def _confidence(search: _Search, at_most: int) -> str:
    best, fails_at = search.best, search.fails_at
    if not best and fails_at is None:
        return "It was stopped before anything was known."
    if not best:
        found = f"Not even {fails_at} kept the limits."
    else:
        runs = "in one run" if search.kept[best] == 1 else f"in {search.kept[best]} runs"
        streams = "1 stream" if best == 1 else f"{best} streams"
        found = f"{streams} kept the limits {runs}"
        found += f", {fails_at} did not." if fails_at else "; more were not tried."
    if search.spoiled_at is not None:
        found += (
            f" With {search.spoiled_at} this computer did not keep up, so the recogniser may bear "
            "more: measure from a faster one."
        )
    if search.is_stopped:
        found += " The search was stopped before its end, so the largest number may be higher."
    elif fails_at is None:
        found += f" {at_most} is the most that was asked for."
    return found
