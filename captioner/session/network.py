"""Notices that the way to a server has changed: another network, a VPN that came or went.

A connection over the old way is dead then, but its sockets do not know: without this it takes the
keepalive of the connection a quarter of a minute to find out.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Final, TypeAlias

from captioner.asr.endpoint import Endpoint
from captioner.core.clock import Clock

logger = logging.getLogger(__name__)

_LOOK_S: Final = 1.0

LocalAddress: TypeAlias = Callable[[str], str | None]


def local_address(peer: str) -> str | None:
    """Return the own address that traffic to ``peer`` would leave from, None without a way.

    Sends nothing: a datagram socket is only told its peer.

    Args:
        peer: Numeric address.
    """
    family = socket.AF_INET6 if ":" in peer else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((peer, 9))
        except OSError:
            return None
        return str(probe.getsockname()[0])


class NetworkWatch:
    """Watches the way to the endpoint in use."""

    def __init__(
        self,
        endpoint_of: Callable[[], Endpoint | None],
        on_change: Callable[[], None],
        *,
        clock: Clock,
        address_of: LocalAddress = local_address,
    ) -> None:
        """Watch nothing yet.

        Args:
            endpoint_of: Tells the endpoint in use, if there is one.
            on_change: Called when the way is another one than before.
            clock: Time.
            address_of: As `local_address`.
        """
        self._endpoint_of = endpoint_of
        self._on_change = on_change
        self._clock = clock
        self._address_of = address_of
        self._endpoint: Endpoint | None = None
        self._peer: str | None = None
        self._address: str | None = None

    async def watch(self) -> None:
        """Look once a second; runs until it is cancelled."""
        while True:
            await self._clock.sleep(_LOOK_S)
            endpoint = self._endpoint_of()
            if endpoint != self._endpoint:
                self._endpoint, self._peer, self._address = endpoint, None, None
            if endpoint is None or endpoint.is_loopback:
                continue
            if self._peer is None:
                self._peer = await _numeric(endpoint)
                continue
            self._compare(self._address_of(self._peer))

    def _compare(self, address: str | None) -> None:
        if address is None:
            return  # no network: the connection may survive a short absence
        if self._address is not None and address != self._address:
            logger.info("The way to the server is another one now")
            self._on_change()
        self._address = address


async def _numeric(endpoint: Endpoint) -> str | None:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            endpoint.host, endpoint.port, type=socket.SOCK_STREAM
        )
    except OSError:
        return None
    return str(found[0][4][0])
