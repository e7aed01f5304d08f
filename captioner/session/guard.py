"""What befalls a whole session: sleep, another network, a preferred server that is back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from captioner.asr.route import Failover
from captioner.core.clock import Clock
from captioner.core.errors import CaptionerError
from captioner.session.endpoint_monitor import EndpointMonitor
from captioner.session.network import LocalAddress, NetworkWatch, local_address
from captioner.session.wakeup import WakeupDetector

logger = logging.getLogger(__name__)

_LOOK_S: Final = 0.5


class Renewal(Protocol):
    """Has each channel begin another stream."""

    def __call__(self, *, at_once: bool = False) -> None:
        """Do so in the next pause, or at once."""
        ...


class SessionGuard:
    """Looks after a session while it runs."""

    def __init__(
        self,
        failover: Failover,
        monitor: EndpointMonitor,
        *,
        renew: Renewal,
        recover: Callable[[str], Awaitable[None]],
        clock: Clock,
        address_of: LocalAddress = local_address,
    ) -> None:
        """Prepare; nothing is watched before `run`.

        Args:
            failover: Its way back to a preferred server is watched.
            monitor: Looks at the server in use while it does not recognise.
            renew: Called when the network is another one.
            recover: Called, with a sentence for the reader, after a time in which nothing ran.
            clock: Time.
            address_of: As `local_address`.
        """
        self._failover = failover
        self._monitor = monitor
        self._recover = recover
        self._clock = clock
        self._network = NetworkWatch(
            lambda: failover.endpoint,
            lambda: renew(at_once=True),
            clock=clock,
            address_of=address_of,
        )

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._failover.watch(), name="session-failover")
            group.create_task(self._monitor.watch(), name="session-endpoint-monitor")
            group.create_task(self._network.watch(), name="session-network")
            group.create_task(self._watch_for_sleep(), name="session-sleep")

    async def _watch_for_sleep(self) -> None:
        detector = WakeupDetector(self._clock)
        while True:
            await self._clock.sleep(_LOOK_S)
            if missed_s := detector.look():
                logger.warning(
                    "Nothing ran for %.1f s: device and stream are opened anew", missed_s
                )
                try:
                    await self._recover(f"The computer slept for {_duration(missed_s)}.")
                except CaptionerError as error:
                    # The channel that it comes from tells it too; the others are to be watched on.
                    logger.warning("Not all was opened anew: %s", error)


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 2:  # noqa: PLR2004  # below this, seconds say it better
        return f"{seconds:.0f} seconds"
    return f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"  # noqa: PLR2004  # see above
