"""What waits for one client. A client that reads slowly is skipped ahead, and told so."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from captioner.telemetry.caption_lines import log_fields
from captioner.transcript.contract import ErrorEvent, timestamp

logger = logging.getLogger(__name__)

SEND_LIMIT_S: Final = 15.0
"""A client that takes nothing for so long is dropped."""

SKIPPED: Final = "CAPTIONS_SKIPPED"
"""Code of the event that tells a client what it has missed."""

_LIMIT: Final = 200
"""How many messages wait at most; texts are shared by all clients."""


@dataclass(frozen=True, slots=True)
class Message:
    """One event as text.

    Attributes:
        text: JSON.
        segment_id: The newest segment by then.
        replaces: What it makes superfluous while it still waits, such as the partial of a channel.
        is_passing: Whether a newer message that ``replaces`` the same makes this one superfluous.
        logged: What the log says of it when it was sent; None for nothing.
    """

    text: str
    segment_id: int = 0
    replaces: str = ""
    is_passing: bool = False
    logged: Mapping[str, object] | None = None


class Outbox:
    """A bounded queue: only the newest partial of a channel waits, and the newest finals do."""

    def __init__(self) -> None:
        """Begin empty."""
        self._waiting: deque[Message] = deque()
        self._ready = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._missed = 0
        self._is_closed = False

    def __len__(self) -> int:
        """Return how many messages wait."""
        return len(self._waiting)

    def put(self, message: Message) -> None:
        """Add ``message``; never waits."""
        if self._is_closed:
            return
        if message.replaces:
            for old in self._waiting:
                if old.is_passing and old.replaces == message.replaces:
                    self._waiting.remove(old)
                    break
        if len(self._waiting) >= _LIMIT:
            self._waiting.popleft()
            self._missed += 1
        self._waiting.append(message)
        self._idle.clear()
        self._ready.set()

    async def drained(self) -> None:
        """Return as soon as nothing waits and whoever takes comes back for more."""
        await self._idle.wait()

    def close(self) -> None:
        """Let what waits be the last; more is not taken."""
        self._is_closed = True
        self._ready.set()

    async def take(self) -> Message | None:
        """Return the next message, as soon as there is one; None after the last one."""
        while not self._waiting:
            self._idle.set()
            if self._is_closed:
                return None
            self._ready.clear()
            await self._ready.wait()
        if self._missed:
            missed, self._missed = self._missed, 0
            skipped = ErrorEvent(
                error=f"This client reads too slowly: {missed} captions were left out.",
                segment_id=self._waiting[0].segment_id,
                timestamp=timestamp(),
                code=SKIPPED,
            )
            return Message(skipped.to_json(), skipped.segment_id)
        return self._waiting.popleft()


async def send_all(connection: ServerConnection, outbox: Outbox) -> None:
    """Send what comes until ``outbox`` is closed or the client has left; drop one that is deaf."""
    try:
        while (message := await outbox.take()) is not None:
            async with asyncio.timeout(SEND_LIMIT_S):
                await connection.send(message.text)
            if message.logged is not None:
                log_fields(message.logged, "feed")
    except ConnectionClosed:
        return  # whoever reads from it knows, too
    except TimeoutError:
        logger.info("A client takes nothing any more and is dropped")
        connection.transport.abort()
