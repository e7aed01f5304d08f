"""From blocks of any rate and channel count to chunks of 16 kHz mono s16 with linear positions."""

from __future__ import annotations

from collections import deque
from typing import Final, TypeAlias

import numpy as np
import soxr
from numpy.typing import NDArray

from captioner.core.audio import BYTES_PER_SAMPLE, SAMPLE_RATE, AudioChunk

Frames: TypeAlias = NDArray[np.float32]
"""Samples between -1 and 1, one row a frame, one column a channel."""

_FULL_SCALE: Final = 32_768.0


class Chunker:
    """Downmixes, resamples and cuts what one device or file delivers.

    Not safe for several threads; it may live on any one. The resampler (soxr, high quality) holds
    back about 30 ms, which `finish` gives out. 16 kHz mono 16-bit audio passes unchanged, bit by
    bit.
    """

    def __init__(
        self, *, rate: int, channels: int, chunk_samples: int, start: int = 0, lost: int = 0
    ) -> None:
        """Begin a run of audio.

        Args:
            rate: Frames per second that come in.
            channels: Samples per frame that come in.
            chunk_samples: Length of the chunks that go out, in samples at 16 kHz.
            start: Position where the last run ended.
            lost: Samples at 16 kHz that were lost between that and the first frame.
        """
        self._rate = rate
        self._channels = channels
        self._chunk_bytes = chunk_samples * BYTES_PER_SAMPLE
        self._resampler = (
            None
            if rate == SAMPLE_RATE
            else soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="HQ")
        )
        self._origin = start + lost
        self._position = start + lost
        self._lost = lost
        self._frames = 0
        self._heard_until = 0.0
        self._delivered: deque[tuple[int, float]] = deque()
        self._pending = bytearray()

    @property
    def position(self) -> int:
        """Where the next chunk will start."""
        return self._position

    def feed(
        self, frames: Frames, heard_until: float, delivered_at: float = 0.0
    ) -> list[AudioChunk]:
        """Take frames in and return the chunks that are complete.

        Args:
            frames: Shape (n, channels).
            heard_until: When the last of them was heard, in seconds of the monotonic clock.
            delivered_at: When the device gave them out; 0 where no device did.
        """
        if not len(frames):
            return []
        mono = frames[:, 0] if self._channels == 1 else frames.mean(axis=1, dtype=np.float32)
        if not np.isfinite(mono).all():
            # One NaN in a damaged float file would otherwise live on in the resampler for ever.
            mono = np.nan_to_num(mono, nan=0.0, posinf=1.0, neginf=-1.0)
        self._frames += len(frames)
        self._heard_until = heard_until
        self._delivered.append((self._frames, delivered_at))
        self._append(mono if self._resampler is None else self._resampler.resample_chunk(mono))
        chunks = []
        while len(self._pending) >= self._chunk_bytes:
            chunks.append(self._cut(self._chunk_bytes))
        return chunks

    def skip(self, frames: int) -> list[AudioChunk]:
        """Note that ``frames`` were lost here; return what was heard before them."""
        chunks = self.finish()
        if self._resampler is not None:
            self._resampler.clear()
        self._frames += frames
        lost = max(0, self._input_position() - self._position)
        self._lost += lost
        self._position += lost
        return chunks

    def finish(self) -> list[AudioChunk]:
        """Return what the resampler and the last, incomplete chunk still hold."""
        if self._resampler is not None:
            empty = np.zeros(0, dtype=np.float32)
            self._append(self._resampler.resample_chunk(empty, last=True))
        chunks = []
        while self._pending:
            chunks.append(self._cut(min(self._chunk_bytes, len(self._pending))))
        return chunks

    def _append(self, mono: NDArray[np.float32]) -> None:
        scaled = np.rint(mono * _FULL_SCALE)
        self._pending += np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1).astype("<i2").tobytes()

    def _cut(self, size: int) -> AudioChunk:
        pcm = bytes(self._pending[:size])
        del self._pending[:size]
        start, lost = self._position, self._lost
        self._position += size // BYTES_PER_SAMPLE
        self._lost = 0
        behind = max(0, self._input_position() - self._position) / SAMPLE_RATE
        return AudioChunk(
            pcm=pcm,
            start=start,
            captured_at=self._heard_until - behind,
            lost_before=lost,
            delivered_at=self._delivery(self._position),
        )

    def _delivery(self, position: int) -> float:
        """Return when the frames came that end at ``position``, and forget those before them."""
        frames = (position - self._origin) * self._rate / SAMPLE_RATE
        while len(self._delivered) > 1 and self._delivered[0][0] < frames:
            self._delivered.popleft()
        return self._delivered[0][1]

    def _input_position(self) -> int:
        return self._origin + round(self._frames * SAMPLE_RATE / self._rate)
