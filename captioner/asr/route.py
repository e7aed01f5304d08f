"""Where the next stream goes: the preferred endpoint, or one that takes over while it fails."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Protocol, TypeAlias

from captioner.asr.endpoint import Endpoint
from captioner.core.clock import Clock
from captioner.core.errors import CaptionerError

logger = logging.getLogger(__name__)

_PROBE_INTERVAL_S: Final = 5.0
_LONGEST_INTERVAL_S: Final = 300.0


class Takeover(Enum):
    """What follows from a failure."""

    NONE = auto()
    """The same endpoint is tried again, if the failure is one that may pass."""

    LATER = auto()
    """Another endpoint is tried, but each one that may be has failed: not without a pause."""

    AT_ONCE = auto()
    """Another endpoint is tried now."""


class Route(Protocol):
    """Chooses the endpoint of each stream, and learns how it went there."""

    async def next(self) -> Endpoint:
        """Return where the next stream goes; asked before each one.

        Raises:
            CaptionerError: It cannot be had now; its ``retryable`` says whether later.
        """
        ...

    def failed(self, endpoint: Endpoint | None, error: CaptionerError) -> Takeover:
        """Take in that a stream broke, or that `next` raised (then without an endpoint)."""
        ...

    def succeeded(self, endpoint: Endpoint) -> None:
        """Take in that a stream to ``endpoint`` works."""
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """An endpoint that may be used.

    Attributes:
        locate: Returns it; it may have to be started first, or its key looked up.
        may_take_over: Whether the failure of another one may bring the audio here.
    """

    locate: Callable[[], Awaitable[Endpoint]]
    may_take_over: bool = True


Readiness: TypeAlias = Callable[[Endpoint], Awaitable[bool]]


class Failover:
    """A route over an ordered list of endpoints, the preferred one first.

    After some failures in a row the next one that may take over is used, and at once where trying
    again is of no use (a refused key). `watch` goes back to an earlier one when it is ready again.
    One that refused is not tried again by itself. Channels of one session share a route.
    """

    _candidates: tuple[Candidate, ...]
    _located: dict[int, Endpoint]
    _current: int
    _failures: int
    _tried: set[int]
    _refused: set[int]
    _has_returned: bool

    def __init__(
        self,
        candidates: Sequence[Candidate],
        *,
        clock: Clock,
        is_ready: Readiness,
        on_return: Callable[[], None] = lambda: None,
        on_away: Callable[[CaptionerError | None], None] = lambda _: None,
        after: int = 3,
        probe_interval_s: float = _PROBE_INTERVAL_S,
    ) -> None:
        """Begin with the first candidate.

        Args:
            candidates: At least one, in order of preference.
            clock: Time.
            is_ready: Asks an endpoint whether it would take a stream.
            on_return: Called when an earlier endpoint is to be used again; streams are then to be
                renewed at the next pause.
            on_away: Called with the reason when the preferred endpoint is left, and with None when
                it works again.
            after: Failures in a row that bring another endpoint.
            probe_interval_s: Seconds between two looks at earlier endpoints. Longer and longer
                while an endpoint that looked ready fails again.
        """
        self._clock = clock
        self._is_ready = is_ready
        self._on_return = on_return
        self._on_away = on_away
        self._after = after
        self._probe_interval_s = self._interval_s = probe_interval_s
        self._begin(candidates)

    @property
    def endpoint(self) -> Endpoint | None:
        """The endpoint that is used now, once it was located."""
        return self._located.get(self._current)

    async def next(self) -> Endpoint:
        """Return the endpoint that is used now.

        Raises:
            CaptionerError: It cannot be had.
        """
        current = self._current
        endpoint = await self._candidates[current].locate()
        self._located[current] = endpoint
        return endpoint

    def failed(self, endpoint: Endpoint | None, error: CaptionerError) -> Takeover:
        """Count the failure, and choose another endpoint if it is time."""
        if endpoint is not None and self._located.get(self._current) != endpoint:
            return Takeover.AT_ONCE  # another channel has moved on already
        self._failures += 1
        if error.retryable and self._failures < self._after:
            return Takeover.NONE
        if not error.retryable:
            self._refused.add(self._current)
        following = self._following()
        if following is None:
            return Takeover.NONE
        if self._current == 0:
            self._on_away(error)
        if self._has_returned:
            self._interval_s = min(2 * self._interval_s, _LONGEST_INTERVAL_S)
            self._has_returned = False
        outcome = Takeover.LATER if following in self._tried else Takeover.AT_ONCE
        self._use(following)
        logger.warning("Recognition moves to endpoint %d: %s", following + 1, error)
        return outcome

    def succeeded(self, endpoint: Endpoint) -> None:
        """Forget earlier failures."""
        if self._located.get(self._current) == endpoint:
            self._failures = 0
            self._tried = {self._current}
            self._has_returned = False
            if self._current == 0:
                self._interval_s = self._probe_interval_s
                self._on_away(None)

    def bear(self, failures: int) -> None:
        """Choose another endpoint after so many failures in a row from now on."""
        self._after = failures

    def replace(self, candidates: Sequence[Candidate]) -> None:
        """Choose among other candidates from the next stream on, the first one first."""
        self._begin(candidates)
        self._on_away(None)

    def _begin(self, candidates: Sequence[Candidate]) -> None:
        self._candidates = tuple(candidates)
        self._located = {}
        self._current = self._failures = 0
        self._tried = {0}
        self._refused = set()
        self._has_returned = False

    async def watch(self) -> None:
        """Go back to an earlier endpoint when it is ready; runs until it is cancelled."""
        while True:
            await self._clock.sleep(self._interval_s)
            candidates = self._candidates
            for index in range(self._current):
                if not self._may_be_used(index):
                    continue
                is_ready = await self._looks_ready(index)
                if candidates is not self._candidates or index >= self._current:
                    break  # meanwhile there are others, or an earlier one is used again
                if is_ready:
                    logger.info("Endpoint %d is ready again", index + 1)
                    self._use(index)
                    self._has_returned = True
                    self._on_return()
                    break

    async def _looks_ready(self, index: int) -> bool:
        try:
            endpoint = await self._candidates[index].locate()
        except CaptionerError as error:
            logger.info("Endpoint %d cannot be had: %s", index + 1, error)
            return False
        return await self._is_ready(endpoint)

    def _may_be_used(self, index: int) -> bool:
        listed_first = index == 0
        return index not in self._refused and (
            listed_first or self._candidates[index].may_take_over
        )

    def _following(self) -> int | None:
        count = len(self._candidates)
        others = ((self._current + step) % count for step in range(1, count))
        return next(filter(self._may_be_used, others), None)

    def _use(self, index: int) -> None:
        self._current = index
        self._tried.add(index)
        self._failures = 0


class OnlyRoute:
    """Always the same endpoint."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Lead to ``endpoint``."""
        self._endpoint = endpoint

    async def next(self) -> Endpoint:
        """Return the endpoint."""
        return self._endpoint

    def failed(self, endpoint: Endpoint | None, error: CaptionerError) -> Takeover:  # noqa: ARG002  # see Route
        """There is no other endpoint."""
        return Takeover.NONE

    def succeeded(self, endpoint: Endpoint) -> None:
        """Nothing follows from it."""
