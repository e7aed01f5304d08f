"""The audio that no final has covered yet: waiting to be sent, or sent and still replayable.

One ring serves both, with a cursor between what was sent and what was not. When a stream breaks,
the cursor goes back to the oldest chunk and the next stream hears everything again that the broken
one left unfinished. The ring is bounded: when it is full the oldest chunk goes, and if it was never
sent that is a loss, which is counted and told.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from captioner.core.audio import AudioChunk


@dataclass(frozen=True, slots=True)
class LostAudio:
    """Samples that were dropped before any recogniser heard them, as session positions."""

    start: int
    end: int


class ReplayBuffer:
    """Bounded ring of chunks with a cursor. One loop only; nothing in it blocks but `next`."""

    def __init__(self, limit_samples: int) -> None:
        """Hold at most ``limit_samples`` samples of audio."""
        self._limit = limit_samples
        self._chunks: deque[AudioChunk] = deque()
        self._sent = 0
        self._held = 0
        self._finished = False
        self._news = asyncio.Event()
        self.fed_until = 0
        self.sent_until = 0

    def put(self, chunk: AudioChunk) -> LostAudio | None:
        """Append ``chunk``; return what had to be lost for it, if anything."""
        self._chunks.append(chunk)
        self._held += chunk.samples
        self.fed_until = chunk.end
        self._news.set()
        lost: LostAudio | None = None
        while self._held > self._limit and len(self._chunks) > 1:
            oldest = self._chunks.popleft()
            self._held -= oldest.samples
            if self._sent:
                self._sent -= 1
            else:
                lost = LostAudio(lost.start if lost else oldest.start, oldest.end)
        return lost

    def finish(self) -> None:
        """Say that no more chunks will come."""
        self._finished = True
        self._news.set()

    async def next(self) -> AudioChunk | None:
        """Wait for the next unsent chunk, mark it sent and return it; None after the last."""
        while self._sent == len(self._chunks):
            if self._finished:
                return None
            self._news.clear()
            await self._news.wait()
        chunk = self._chunks[self._sent]
        self._sent += 1
        self.sent_until = max(self.sent_until, chunk.end)
        return chunk

    def commit(self, position: int) -> None:
        """Forget sent chunks that end at or before ``position``: a final covers them."""
        while self._sent and self._chunks[0].end <= position:
            self._held -= self._chunks.popleft().samples
            self._sent -= 1

    def rewind(self) -> int:
        """Put the cursor back to the oldest chunk; return how many samples will be sent again."""
        replayed = sum(chunk.samples for chunk in list(self._chunks)[: self._sent])
        self._sent = 0
        return replayed

    @property
    def start(self) -> int:
        """Session position of the oldest chunk that is held, or the end of what was fed."""
        return self._chunks[0].start if self._chunks else self.fed_until

    @property
    def unsent_samples(self) -> int:
        """Samples that wait to be sent."""
        return self.fed_until - self._chunks[self._sent].start if self._pending else 0

    @property
    def _pending(self) -> bool:
        return self._sent < len(self._chunks)
