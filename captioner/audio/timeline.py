"""One linear run of positions over a device that is opened, lost and opened again."""

from __future__ import annotations

import numpy as np

from captioner.audio.chunker import Chunker
from captioner.audio.handover import Block
from captioner.core.audio import SAMPLE_RATE, AudioChunk


class Timeline:
    """Places what each opened device delivers on one scale of samples at 16 kHz.

    Between two devices (or two openings of one) the clock tells how much was missed; while a
    device is open its own sample count does.
    """

    def __init__(self, chunk_samples: int) -> None:
        """Begin at position 0, before anything was heard."""
        self._chunk_samples = chunk_samples
        self._chunker: Chunker | None = None
        self._rate = 0
        self._channels = 0
        self._position = 0
        self._heard_until: float | None = None
        self._in_silence = False

    def begin(self, rate: int, channels: int, heard_from: float) -> None:
        """Start with a newly opened device.

        Args:
            rate: Frames per second that it delivers.
            channels: Samples per frame.
            heard_from: When its first frame was heard, in seconds of the monotonic clock.
        """
        missed = 0.0 if self._heard_until is None else heard_from - self._heard_until
        self._rate, self._channels = rate, channels
        self._chunker = Chunker(
            rate=rate,
            channels=channels,
            chunk_samples=self._chunk_samples,
            start=self._position,
            lost=max(0, round(missed * SAMPLE_RATE)),
        )
        self._heard_until = heard_from
        self._in_silence = False

    @property
    def begun(self) -> bool:
        """True between `begin` and `end`."""
        return self._chunker is not None

    def take(self, block: Block) -> list[AudioChunk]:
        """Add what the device delivered and return the chunks that are complete."""
        chunker = self._running()
        chunks = chunker.skip(block.lost_before) if block.lost_before else []
        if self._in_silence:
            chunks += self.fill_silence(block.begins(self._rate))
            self._in_silence = False
        frames = np.frombuffer(block.data, dtype="<f4").reshape(block.frames, self._channels)
        self._heard_until = block.heard_until
        return chunks + chunker.feed(frames, block.heard_until, block.delivered_at)

    def fill_silence(self, until: float) -> list[AudioChunk]:
        """Add silence up to the moment ``until``: the device is well, and nothing plays."""
        chunker = self._running()
        self._in_silence = True
        heard_until = until if self._heard_until is None else self._heard_until
        frames = round((until - heard_until) * self._rate)
        if frames <= 0:
            return []
        self._heard_until = heard_until + frames / self._rate
        chunks = []
        # A second at a time: the machine may have slept for hours.
        for first in range(0, frames, self._rate):
            length = min(self._rate, frames - first)
            silence = np.zeros((length, self._channels), dtype=np.float32)
            chunks += chunker.feed(silence, heard_until + (first + length) / self._rate)
        return chunks

    def end(self) -> list[AudioChunk]:
        """Let go of the device and return what was still on its way."""
        if self._chunker is None:
            return []
        chunks = self._chunker.finish()
        self._position = self._chunker.position
        self._chunker = None
        return chunks

    def _running(self) -> Chunker:
        if self._chunker is None:
            raise RuntimeError("the timeline was not begun")
        return self._chunker
