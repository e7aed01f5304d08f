"""How far the server is with one stream, and how much more it may be sent.

A server says with some of its responses how much audio it has worked through; most responses of a
real one are empty and say nothing. What it is sent stays a bounded stretch ahead of it: audio that
waits here can be dropped when it is too old, and told, while audio in a server's queue cannot.
"""

from __future__ import annotations

import asyncio
from typing import Final

from captioner.core.audio import SAMPLE_RATE

_PATIENCE_S: Final = 0.9
"""A server that answers nothing for so long is fed on in real time: it may have nothing to say."""


class StreamProgress:
    """Positions of one stream, in samples since its beginning.

    Attributes:
        sent: Just after the newest sample that was sent.
        processed: Just after the newest sample that the server has, by all we know, worked through.
        furthest: The furthest that ever was: a guess may have been ahead of what the server says.
    """

    def __init__(self, ahead_s: float) -> None:
        """Let the server be sent ``ahead_s`` seconds more than it has worked through."""
        self._ahead = round(ahead_s * SAMPLE_RATE)
        self._behind = 0
        self._credit = 0
        self._moved = asyncio.Event()
        self._idle_since: float | None = None
        self.sent = 0
        self.processed = 0
        self.furthest = 0

    @property
    def may_send(self) -> bool:
        """Whether the server is near enough to be sent more."""
        return self.sent - self.processed < self._ahead + self._credit

    async def room(self) -> None:
        """Wait until the server may be sent more."""
        while not self.may_send:
            self._moved.clear()
            await self._moved.wait()

    def answered(self, processed: int) -> None:
        """Take in a response.

        Args:
            processed: How far the server says it is; 0 where it does not. It is then taken to be as
                far behind what was sent as it last said.
        """
        if processed:
            self.processed = processed
            self._behind = max(0, self.sent - processed)
        else:
            self.processed = max(self.processed, self.sent - self._behind)
        self.furthest = max(self.furthest, min(self.processed, self.sent))
        self._credit = 0
        self._idle_since = None
        self._moved.set()

    def tick(self, now: float) -> None:
        """Note the time; called about once a second."""
        if self.may_send:
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = now
        elif now - self._idle_since >= _PATIENCE_S:
            self._credit += round((now - self._idle_since) * SAMPLE_RATE)
            self._idle_since = now
            self._moved.set()
