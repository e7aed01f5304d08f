"""An audio source that does what a test tells it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import numpy as np

from captioner.core.audio import SAMPLE_RATE, AudioChunk, SourceItem, SourceOpened
from captioner.settings.models import AudioSettings

CHUNK = 1600
"""Samples of 100 milliseconds."""


def tone(start: int, end: int) -> bytes:
    """Return loud audio whose samples tell their position, in samples of its source."""
    positions = np.arange(start, end, dtype=np.int64)
    return (positions * 7919 % 32768 - 16384).astype("<i2").tobytes()


class ScriptedSource:
    """Meets `captioner.audio.source.AudioSource`; what is pushed comes out in order."""

    def __init__(self, kind: str = "microphone", name: str = "Scripted mic") -> None:
        """Begin with its opening queued; nothing comes out before it is iterated."""
        self._queue: asyncio.Queue[SourceItem | Exception | None] = asyncio.Queue()
        self._position = 0
        self.lost_samples = 0
        self.closed = False
        self.opened = SourceOpened(kind, name)
        self._queue.put_nowait(self.opened)

    def push(self, item: SourceItem | Exception) -> None:
        """Give out an item next, or raise an error."""
        self._queue.put_nowait(item)

    def speak(
        self,
        seconds: float,
        *,
        silent: bool = False,
        lost_s: float = 0.0,
        begun_at: float | None = None,
    ) -> None:
        """Give out audio in chunks of 100 ms, after ``lost_s`` seconds that were lost.

        Its first sample is heard ``begun_at`` (monotonic seconds); None tells no time at all.
        """
        begin_position = self._position + round(lost_s * SAMPLE_RATE)
        lost = round(lost_s * SAMPLE_RATE)
        self._position += lost
        self.lost_samples += lost
        end = self._position + round(seconds * SAMPLE_RATE)
        while self._position < end:
            begin, self._position = self._position, min(self._position + CHUNK, end)
            pcm = tone(begin, self._position)
            spoken_s = (self._position - begin_position) / SAMPLE_RATE
            heard_at = 0.0 if begun_at is None else begun_at + spoken_s
            pcm = bytes(len(pcm)) if silent else pcm
            self.push(AudioChunk(pcm, begin, heard_at, lost_before=lost))
            lost = 0

    def break_at_once(self, error: Exception) -> None:
        """Raise ``error`` in the place of the opening."""
        self._queue.get_nowait()
        self.push(error)

    def end(self) -> None:
        """End as a file does."""
        self._queue.put_nowait(None)

    async def items(self) -> AsyncGenerator[SourceItem, None]:
        """Yield what was pushed until `end` or `close`."""
        while (item := await self._queue.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item

    async def close(self) -> None:
        """End after what was pushed so far."""
        self.closed = True
        self.end()


class ScriptedOpener:
    """Opens the given sources one after the other, and keeps what was asked for."""

    def __init__(self, *sources: ScriptedSource) -> None:
        """Take the sources in the order in which they are to be opened."""
        self._sources = list(sources)
        self.asked: list[AudioSettings] = []

    def __call__(self, settings: AudioSettings) -> ScriptedSource:
        """Return the next source."""
        self.asked.append(settings)
        return self._sources[len(self.asked) - 1]
