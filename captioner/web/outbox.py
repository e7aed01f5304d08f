"""What waits for one client. A client that reads slowly is skipped ahead, and told so."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Final

from captioner.transcript.contract import ErrorEvent, timestamp

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
    """

    text: str
    segment_id: int = 0
    replaces: str = ""
    is_passing: bool = False


class Outbox:
    """A bounded queue: only the newest partial of a channel waits, and the newest finals do."""

    def __init__(self) -> None:
        """Begin empty."""
        self._waiting: deque[Message] = deque()
        self._ready = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._missed = 0

    def __len__(self) -> int:
        """Return how many messages wait."""
        return len(self._waiting)

    def put(self, message: Message) -> None:
        """Add ``message``; never waits."""
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

    async def take(self) -> str:
        """Return the next text, as soon as there is one."""
        while not self._waiting:
            self._idle.set()
            self._ready.clear()
            await self._ready.wait()
        if self._missed:
            missed, self._missed = self._missed, 0
            return ErrorEvent(
                error=f"This client reads too slowly: {missed} captions were left out.",
                segment_id=self._waiting[0].segment_id,
                timestamp=timestamp(),
                code=SKIPPED,
            ).to_json()
        return self._waiting.popleft().text
