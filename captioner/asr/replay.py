"""The audio that no final has covered yet: waiting to be sent, or sent and still replayable.

One ring serves both, with a cursor between what was sent and what was not. When a stream breaks,
the cursor goes back to the oldest chunk and the next stream hears everything again that the broken
one left unfinished. The ring is bounded: when it is full the oldest chunk goes, and if it was never
sent that is a loss, which is counted and told.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, replace
from itertools import islice

from captioner.core.audio import BYTES_PER_SAMPLE, AudioChunk


@dataclass(frozen=True, slots=True)
class LostAudio:
    """Samples that were dropped before any recogniser heard them, as session positions."""

    start: int
    end: int


class ReplayBuffer:
    """Bounded ring of chunks with a cursor. One loop only; nothing in it blocks but `next`.

    Attributes:
        fed_until: Session position just after the newest chunk.
        sent_until: Session position just after the newest chunk that was ever sent.
        forgotten: What was sent and is no longer held, though no final covers it. It is lost if
            the stream breaks.
    """

    def __init__(self, limit_samples: int) -> None:
        """Hold at most ``limit_samples`` samples of audio."""
        self._limit = self._wanted_limit = limit_samples
        self._chunks: deque[AudioChunk] = deque()
        self._sent = 0
        self._held = 0
        self._finished = False
        self._news = asyncio.Event()
        self._sending = asyncio.Event()
        self.fed_until = 0
        self.sent_until = 0
        self.forgotten: LostAudio | None = None

    def resize(self, limit_samples: int) -> None:
        """Hold at most so much from now on; what is held already is not lost by it."""
        self._wanted_limit = limit_samples
        self._limit = max(limit_samples, self._held)

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
                self.forgotten = _joined(self.forgotten, oldest)
            else:
                lost = _joined(lost, oldest)
        return lost

    def finish(self) -> None:
        """Say that no more chunks will come."""
        self._finished = True
        self._news.set()

    async def next(self) -> AudioChunk | None:
        """Wait for the next unsent chunk, mark it sent and return it; None after the last."""
        if not await self.wait_for_audio():
            return None
        chunk = self._chunks[self._sent]
        self._sent += 1
        self._sending.set()
        self.sent_until = max(self.sent_until, chunk.end)
        return chunk

    def commit(self, position: int) -> None:
        """Forget what was sent before ``position``: a final covers it. Cuts a chunk in two."""
        position = min(position, self.sent_until)
        if self.forgotten is not None:
            uncovered = max(position, self.forgotten.start)
            end = self.forgotten.end
            self.forgotten = LostAudio(uncovered, end) if uncovered < end else None
        while self._chunks and self._chunks[0].end <= position:
            self._held -= self._chunks.popleft().samples
            # After a rewind a covered chunk may be waiting to be sent once more.
            self._sent = max(0, self._sent - 1)
            self._sending.set()
        if self._chunks and (covered := position - self._chunks[0].start) > 0:
            oldest = self._chunks[0]
            self._chunks[0] = replace(
                oldest, pcm=oldest.pcm[covered * BYTES_PER_SAMPLE :], start=position, lost_before=0
            )
            self._held -= covered
        self._limit = max(self._wanted_limit, min(self._limit, self._held))

    def skip(self) -> LostAudio | None:
        """Forget all that is held; return what no recogniser heard of it, if anything."""
        waiting = islice(self._chunks, self._sent, None)
        unheard = [chunk for chunk in waiting if chunk.end > self.sent_until]
        self._chunks.clear()
        self._sent = self._held = 0
        self._limit = self._wanted_limit
        self._sending.set()
        self.forgotten = None
        self.sent_until = self.fed_until
        return LostAudio(unheard[0].start, unheard[-1].end) if unheard else None

    async def wait_for_sending(self) -> None:
        """Wait until something more is sent, or needs no sending any more."""
        self._sending.clear()
        await self._sending.wait()

    async def wait_for_audio(self) -> bool:
        """Wait until something is to be sent; False when no more will come."""
        while self.is_drained:
            if self._finished:
                return False
            self._news.clear()
            await self._news.wait()
        return True

    def rewind(self) -> LostAudio | None:
        """Put the cursor back to the oldest chunk; return what cannot be sent again."""
        self._sent = 0
        forgotten, self.forgotten = self.forgotten, None
        return forgotten

    @property
    def start(self) -> int:
        """Session position of the oldest chunk that is held, or the end of what was fed."""
        return self._chunks[0].start if self._chunks else self.fed_until

    @property
    def cursor(self) -> int:
        """Session position of the next chunk to be sent, or the end of what was fed."""
        waiting = self._sent < len(self._chunks)
        return self._chunks[self._sent].start if waiting else self.fed_until

    def held_between(self, start: int, end: int) -> int:
        """Return how many samples are held between two positions; lost audio is none."""
        held = 0
        # Asked for each chunk that is heard, so only what is between them is looked at.
        for chunk in reversed(self._chunks) if start < end else ():
            if chunk.end <= start:
                break
            held += max(0, min(chunk.end, end) - max(chunk.start, start))
        return held

    @property
    def is_drained(self) -> bool:
        """Whether nothing waits to be sent."""
        return self._sent == len(self._chunks)

    @property
    def unsent_samples(self) -> int:
        """Samples that wait to be sent."""
        return sum(chunk.samples for chunk in islice(self._chunks, self._sent, None))


def _joined(lost: LostAudio | None, chunk: AudioChunk) -> LostAudio:
    return LostAudio(lost.start if lost else chunk.start, chunk.end)
