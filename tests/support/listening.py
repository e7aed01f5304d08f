"""Listens to a source in the background and keeps what it yields."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from captioner.audio.source import AudioSource
from captioner.core.audio import SAMPLE_RATE, AudioChunk, SourceItem, SourceLost, SourceOpened

HEARD_WHOLE: Final = 0.98
"""A clip that correlates better than this was heard without a gap."""


class Listener:
    """What a source has yielded so far.

    Attributes:
        items: Everything, in order.
        arrived_at: Monotonic time of each.
    """

    def __init__(self, source: AudioSource) -> None:
        """Prepare; `listening` runs it."""
        self.source = source
        self.items: list[SourceItem] = []
        self.arrived_at: list[float] = []
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def chunks(self) -> list[AudioChunk]:
        """The audio."""
        return [item for item in self.items if isinstance(item, AudioChunk)]

    @property
    def opened(self) -> list[SourceOpened]:
        """The devices that were opened."""
        return [item for item in self.items if isinstance(item, SourceOpened)]

    @property
    def losses(self) -> list[SourceLost]:
        """The times a device went away."""
        return [item for item in self.items if isinstance(item, SourceLost)]

    @property
    def end(self) -> int:
        """Position after the last chunk, 0 before the first."""
        chunks = self.chunks
        return chunks[-1].end if chunks else 0

    def told(self) -> list[str]:
        """Return the kinds of what was yielded beside audio, in order."""
        return [type(item).__name__ for item in self.items if not isinstance(item, AudioChunk)]

    async def until(self, condition: Callable[[], object], *, limit_s: float = 10.0) -> None:
        """Wait until ``condition`` holds, looked at after each item.

        Raises:
            TimeoutError: It did not hold in time; the text tells what was yielded.
        """
        try:
            async with asyncio.timeout(limit_s):
                while not condition():
                    if self._task is not None and self._task.done():
                        self._task.result()
                        raise AssertionError("the source ended too early")
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError as error:
            told = [item for item in self.items if not isinstance(item, AudioChunk)]
            raise TimeoutError(f"{len(self.chunks)} chunks to {self.end}, told {told}") from error

    async def for_samples(self, samples: int) -> None:
        """Wait until so many more samples were heard."""
        wanted = self.end + samples
        await self.until(lambda: self.end >= wanted)

    async def until_heard(
        self, wanted: NDArray[np.float64], *, since: int = 0, limit_s: float = 5.0
    ) -> float:
        """Wait until ``wanted`` was heard whole after the position ``since``.

        A player's end says that the server took everything, not that it has arrived here: on a
        busy machine the last of it can be more than half a second away. Waiting mends nothing,
        because what was heard stays as it was: a gap in it is still there at the limit.

        Returns:
            How well it correlates, at the limit at the latest; see `found_in`.
        """
        correlation = 0.0

        def is_heard() -> bool:
            nonlocal correlation
            heard = self.samples()[since:]
            if len(heard) >= len(wanted) and heard.any():
                correlation = found_in(heard, wanted)[1]
            return correlation > HEARD_WHOLE

        with suppress(TimeoutError):
            await self.until(is_heard, limit_s=limit_s)
        return correlation

    def start(self) -> asyncio.Task[None]:
        """Begin to listen."""
        self._task = asyncio.create_task(self._run(), name="listener")
        self._task.add_done_callback(lambda _: self._news.set())
        return self._task

    async def _run(self) -> None:
        async for item in self.source.items():
            self.items.append(item)
            self.arrived_at.append(time.monotonic())
            self._news.set()

    def require_linear(self) -> None:
        """Check that the chunks follow each other without an uncounted sample."""
        position = 0
        for chunk in self.chunks:
            assert chunk.start == position + chunk.lost_before
            assert chunk.pcm
            position = chunk.end
        assert self.source.lost_samples == sum(chunk.lost_before for chunk in self.chunks)

    def samples(self) -> NDArray[np.float64]:
        """Return all audio between -1 and 1 on one scale, zeros where it was lost."""
        heard = np.zeros(self.end)
        for chunk in self.chunks:
            heard[chunk.start : chunk.end] = np.frombuffer(chunk.pcm, dtype="<i2") / 32768
        return heard


@asynccontextmanager
async def listening(source: AudioSource) -> AsyncIterator[Listener]:
    """Listen to ``source``; close it at the end and check that it then ends."""
    listener = Listener(source)
    task = listener.start()
    try:
        yield listener
    finally:
        await source.close()
        await asyncio.wait_for(task, 10)


def reference(path: Path) -> NDArray[np.float64]:
    """Return a clip as it should be heard: 16 kHz mono between -1 and 1."""
    frames, rate = soundfile.read(path, dtype="float64", always_2d=True)
    heard: NDArray[np.float64] = soxr.resample(frames.mean(axis=1), rate, SAMPLE_RATE)
    return heard


def found_in(heard: NDArray[np.float64], wanted: NDArray[np.float64]) -> tuple[int, float, float]:
    """Look for ``wanted`` inside ``heard``.

    Returns:
        Where it begins, how well it correlates there (1.0 is identical in shape, a missing piece
        of 100 ms is plain to see), and how much louder it is there in decibels.
    """
    size = 1 << (len(heard) + len(wanted)).bit_length()
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(wanted, size))
    start = int(np.argmax(np.fft.irfft(spectrum, size)[: max(1, len(heard) - len(wanted) + 1)]))
    there = heard[start : start + len(wanted)]
    # A server that resamples shifts by a fraction of a sample, which is no fault.
    shifts = (_shifted(wanted, tenths / 10)[: len(there)] for tenths in range(-7, 8))
    correlation = max(float(np.corrcoef(there, shifted)[0, 1]) for shifted in shifts)
    louder = 10 * float(np.log10(np.mean(there**2) / np.mean(wanted**2)))
    return start, correlation, louder


def _shifted(wave: NDArray[np.float64], samples: float) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(wave) * np.exp(-2j * np.pi * np.fft.rfftfreq(len(wave)) * samples)
    shifted: NDArray[np.float64] = np.fft.irfft(spectrum, len(wave))
    return shifted
