"""A feed at a free port, and a client of it that knows the contract alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect

from captioner.core.events import CaptionChanged
from captioner.core.hypothesis import Word
from captioner.core.segment import Segment
from captioner.feed.feed import Feed
from captioner.settings.feed import FeedSettings
from captioner.web.server import WebAddress

TOKEN: Final = "a-token-for-tests-0123456789"  # noqa: S105  # of no other feed
LIMIT_S: Final = 10.0


def caption(
    number: int,
    text: str,
    *,
    final: bool = False,
    shown: str | None = None,
    channel: str = "",
    words: tuple[Word, ...] = (),
) -> CaptionChanged:
    """Return the event of a segment with this id."""
    segment = Segment(
        number, text, is_final=final, start_ms=0, end_ms=1, channel=channel, words=words
    )
    return CaptionChanged(segment, text if shown is None else shown)


@dataclass(frozen=True)
class Served:
    """A feed that runs.

    Attributes:
        feed: The listener.
        address: Where it is.
    """

    feed: Feed
    address: WebAddress

    @asynccontextmanager
    async def client(
        self, *, token: str = TOKEN, origin: str | None = None, query: str = ""
    ) -> AsyncIterator[ClientConnection]:
        """Connect as a program does."""
        async with connect(
            self.address.socket_url + query,
            subprotocols=["captioner.v1", f"token.{token}"],  # type: ignore[list-item]  # names
            origin=origin,  # type: ignore[arg-type]  # a plain text
            open_timeout=LIMIT_S,
            proxy=None,
        ) as connection:
            yield connection


async def heard(connection: ClientConnection) -> dict[str, Any]:
    """Return the next event."""
    async with asyncio.timeout(LIMIT_S):
        event: dict[str, Any] = json.loads(await connection.recv())
    return event


@asynccontextmanager
async def serve_feed(**settings: object) -> AsyncIterator[Served]:
    """Serve a feed with these settings at a free port."""
    feed = Feed(FeedSettings.model_validate({"port": 0, **settings}), SecretStr(TOKEN))
    address = await feed.start()
    try:
        yield Served(feed, address)
    finally:
        await feed.close()
