"""The audio that a client sends, as a source of a session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

from captioner.core.audio import (
    BYTES_PER_SAMPLE,
    AudioChunk,
    SourceItem,
    SourceOpened,
    ms_to_samples,
)
from captioner.core.clock import Clock

_CHUNK_BYTES: Final = ms_to_samples(100) * BYTES_PER_SAMPLE


class SentAudio:
    """Meets `captioner.audio.source.AudioSource`.

    Attributes:
        samples: How much came.
        lost_samples: None is lost on the way here.
    """

    def __init__(self, client: str, *, clock: Clock) -> None:
        """Begin without any; ``client`` is what it is called."""
        self._client = client
        self._clock = clock
        # Whoever takes from it never waits, and a client may send only so much at a time.
        self._chunks: asyncio.Queue[AudioChunk | None] = asyncio.Queue()
        self._is_closed = False
        self.samples = 0
        self.lost_samples = 0

    def put(self, pcm: bytes) -> None:
        """Take in whole samples, 16 kHz mono."""
        if self._is_closed:
            return
        now = self._clock.now()
        for begin in range(0, len(pcm), _CHUNK_BYTES):
            chunk = AudioChunk(pcm[begin : begin + _CHUNK_BYTES], self.samples, now)
            self.samples = chunk.end
            self._chunks.put_nowait(chunk)

    async def items(self) -> AsyncGenerator[SourceItem, None]:
        """Yield what comes until `close`."""
        yield SourceOpened("stdin", self._client)
        while (chunk := await self._chunks.get()) is not None:
            yield chunk

    async def close(self) -> None:
        """End after what came so far."""
        if not self._is_closed:
            self._is_closed = True
            self._chunks.put_nowait(None)
