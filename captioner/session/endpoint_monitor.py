"""Says how the server in use is, while it does not recognise."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from captioner.asr.endpoint import Endpoint
from captioner.asr.probe import probe
from captioner.asr.route import Route, Takeover
from captioner.asr.verdict import EndpointReport
from captioner.core.clock import Clock
from captioner.core.errors import CaptionerError
from captioner.session.condition import SessionCondition

_INTERVAL_S: Final = 10.0

Prober: TypeAlias = Callable[[Endpoint], Awaitable[EndpointReport]]


class EndpointMonitor:
    """A route that probes its endpoint from the first failure on until a stream stands again.

    A stream that works is the best probe there is: a server that recognises is not asked. The
    embedded engine is not asked either; its supervisor knows more.
    """

    def __init__(
        self,
        route: Route,
        condition: SessionCondition,
        *,
        clock: Clock,
        prober: Prober = probe,
        interval_s: float = _INTERVAL_S,
    ) -> None:
        """Look after the endpoints that ``route`` leads to; nothing is asked before `watch`.

        Args:
            route: Chooses the endpoints.
            condition: Is told how they are, and knows whether a stream stands.
            clock: Time.
            prober: Asks a server.
            interval_s: Seconds between two questions.
        """
        self._route = route
        self._condition = condition
        self._clock = clock
        self._probe = prober
        self._interval_s = interval_s
        self._failing: Endpoint | None = None
        self._has_failed = asyncio.Event()

    async def next(self) -> Endpoint:
        """Return where the next stream goes.

        Raises:
            CaptionerError: No endpoint can be had now.
        """
        endpoint = await self._route.next()
        if endpoint != self._failing:
            self._failing = None
        return endpoint

    def failed(self, endpoint: Endpoint | None, error: CaptionerError) -> Takeover:
        """Take in that a stream broke; its endpoint is probed from now on."""
        if endpoint is not None and not endpoint.is_embedded:
            self._failing = endpoint
            self._has_failed.set()
        return self._route.failed(endpoint, error)

    def succeeded(self, endpoint: Endpoint) -> None:
        """Take in that ``endpoint`` answered a stream."""
        self._failing = None
        self._route.succeeded(endpoint)

    async def watch(self) -> None:
        """Probe whenever there is reason to; runs until it is cancelled."""
        while True:
            await self._has_failed.wait()
            self._has_failed.clear()
            while (endpoint := self._failing) is not None and not self._condition.is_recognising:
                report = await self._probe(endpoint)
                if endpoint == self._failing:
                    self._condition.probed(report.health)
                await self._clock.sleep(self._interval_s)
