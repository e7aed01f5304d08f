"""A bridge at a free port, and a client of it that knows the contract alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect

from captioner.bridge.bridge import Bridge
from captioner.settings.endpoints import ConnectionSettings, EndpointSettings
from captioner.settings.models import Settings
from captioner.web.server import WebAddress

TOKEN: Final = "a-token-for-tests-9876543210"  # noqa: S105  # of no other bridge
LIMIT_S: Final = 20.0

_FRAME_BYTES: Final = 5120
"""160 milliseconds."""


@dataclass
class Talker:
    """A client, and all that it was told.

    Attributes:
        connection: The socket.
        events: What came, in order.
    """

    connection: ClientConnection
    events: list[dict[str, Any]] = field(default_factory=list)

    async def say(self, kind: str, **fields: object) -> None:
        """Send a command."""
        await self.connection.send(json.dumps({"type": kind, **fields}))

    async def send(self, pcm: bytes, *, speed: float = 0.0) -> None:
        """Send audio in frames, so many times as fast as it lasts; 0 does not wait at all."""
        for begin in range(0, len(pcm), _FRAME_BYTES):
            await self.connection.send(pcm[begin : begin + _FRAME_BYTES])
            if speed:
                await asyncio.sleep(_FRAME_BYTES / 32_000 / speed)

    async def hear(self, *kinds: str) -> dict[str, Any]:
        """Return the next event, or the next one of these kinds."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                event: dict[str, Any] = json.loads(await self.connection.recv())
                self.events.append(event)
                if not kinds or event["type"] in kinds:
                    return event

    @property
    def finals(self) -> list[dict[str, Any]]:
        """The transcriptions so far."""
        return [event for event in self.events if event["type"] == "transcription"]


@dataclass(frozen=True)
class ServedBridge:
    """A bridge that runs.

    Attributes:
        bridge: The bridge.
        address: Where it is.
    """

    bridge: Bridge
    address: WebAddress

    def talker(
        self, *, token: str = TOKEN, origin: str | None = None, query: str = ""
    ) -> AbstractAsyncContextManager[Talker]:
        """Connect as a program does."""
        return talker_at(self.address.socket_url + query, token=token, origin=origin)


@asynccontextmanager
async def talker_at(
    url: str, *, token: str = TOKEN, origin: str | None = None
) -> AsyncIterator[Talker]:
    """Connect to the bridge at ``url``."""
    async with connect(
        url,
        subprotocols=["captioner.v1", f"token.{token}"],  # type: ignore[list-item]  # names
        origin=origin,  # type: ignore[arg-type]  # a plain text
        open_timeout=LIMIT_S,
        proxy=None,
    ) as connection:
        yield Talker(connection)


def settings_for(riva_port: int, **bridge: object) -> Settings:
    """Return settings that lead to the server at ``riva_port`` alone."""
    return Settings.model_validate(
        {
            "endpoints": (EndpointSettings(host="127.0.0.1", port=riva_port),),
            "connection": ConnectionSettings(embedded_fallback=False, retry_delay_s=0.1),
            "bridge": {"port": 0, **bridge},
        }
    )


@asynccontextmanager
async def serve_bridge(settings: Settings) -> AsyncIterator[ServedBridge]:
    """Serve a bridge at a free port."""
    bridge = Bridge(settings, SecretStr(TOKEN))
    address = await bridge.start()
    try:
        yield ServedBridge(bridge, address)
    finally:
        await bridge.close()
