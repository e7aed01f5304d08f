"""What a stream plays: recordings one after the other, cut into chunks once for all streams."""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from captioner.audio.file import FileSource
from captioner.core.audio import (
    BYTES_PER_SAMPLE,
    SAMPLE_RATE,
    AudioChunk,
    ms_to_samples,
)
from captioner.core.errors import InputFileError

_READ_MS: Final = 1000
_FRAME: Final = SAMPLE_RATE // 100
_SPEECH_DBFS: Final = -45.0
_PAUSE_S: Final = 2.0
"""Silence after each recording, in which every recogniser sees the end of the last utterance."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A sound file, ready to be sent.

    Attributes:
        name: Of the file.
        reference: What is said in it; None where nobody told.
        chunks: The audio and the pause after it, each chunk of one length.
        loud: Whether each chunk may be speech.
        loud_ends: Where each loud stretch of 10 ms ends, in samples, in order.
        speech_samples: Length without the pause.
    """

    name: str
    reference: str | None
    chunks: tuple[bytes, ...]
    loud: tuple[bool, ...]
    loud_ends: tuple[int, ...]
    speech_samples: int

    @property
    def samples(self) -> int:
        """Length with the pause."""
        return sum(map(len, self.chunks)) // BYTES_PER_SAMPLE

    @property
    def seconds(self) -> float:
        """Length with the pause."""
        return self.samples / SAMPLE_RATE

    def last_speech(self, until: int) -> int | None:
        """Return where the last loud stretch up to the sample ``until`` ends, if there is one."""
        number = bisect_right(self.loud_ends, until)
        return self.loud_ends[number - 1] if number else None


async def read_recording(
    path: Path, *, chunk_ms: int, reference: str | None, pause_s: float = _PAUSE_S
) -> Recording:
    """Decode ``path`` whole, on a worker thread.

    Raises:
        InputFileError: It cannot be read as audio, or there is no speech in it.
    """
    pcm = bytearray()
    async with aclosing(FileSource(path, chunk_ms=_READ_MS, realtime=False).items()) as items:
        async for item in items:
            if isinstance(item, AudioChunk):
                pcm += item.pcm
    return await asyncio.to_thread(_cut, path.name, bytes(pcm), chunk_ms, reference, pause_s)


def _cut(name: str, pcm: bytes, chunk_ms: int, reference: str | None, pause_s: float) -> Recording:
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32) / 32_768.0
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    rms = np.sqrt(np.mean(np.square(frames), axis=1))
    loud_frames = np.flatnonzero(rms > 10 ** (_SPEECH_DBFS / 20))
    if not len(loud_frames):
        raise InputFileError(
            f'There is no speech in "{name}": it is silent.', hint="Choose another recording."
        )
    loud_ends = (loud_frames + 1) * _FRAME
    size = ms_to_samples(chunk_ms)
    whole = -(-(len(samples) + ms_to_samples(1000 * pause_s)) // size)
    padded = pcm + bytes(whole * size * BYTES_PER_SAMPLE - len(pcm))
    step = size * BYTES_PER_SAMPLE
    loud_chunks = set(((loud_ends - 1) // size).tolist())
    return Recording(
        name=name,
        reference=reference,
        chunks=tuple(padded[begin : begin + step] for begin in range(0, len(padded), step)),
        loud=tuple(number in loud_chunks for number in range(whole)),
        loud_ends=tuple(loud_ends.tolist()),
        speech_samples=len(samples),
    )


class Track:
    """A row of recordings, as one stream plays it. Positions are samples from its beginning.

    Chunks are asked for in order; each recording that was begun is remembered.
    """

    def __init__(
        self, recordings: Sequence[Recording], first: int = 0, *, is_endless: bool = True
    ) -> None:
        """Begin with the recording of the number ``first``; end after one, or never."""
        self._recordings = recordings
        self._is_endless = is_endless
        self._first = self._next = first
        self._begins: list[int] = []
        self._played: list[Recording] = []
        self._chunk = 0
        self.position = 0

    def next_chunk(self) -> tuple[bytes, bool] | None:
        """Return the next chunk, and whether it may be speech; None at the end."""
        if not self._played or self._chunk == len(self._played[-1].chunks):
            if self._played and not self._is_endless:
                return None
            self._begins.append(self.position)
            self._played.append(self._recordings[self._next % len(self._recordings)])
            self._next += 1
            self._chunk = 0
        playing, number = self._played[-1], self._chunk
        self._chunk += 1
        pcm = playing.chunks[number]
        self.position += len(pcm) // BYTES_PER_SAMPLE
        return pcm, playing.loud[number]

    @property
    def first_speech(self) -> int:
        """Where the first speech is just under way: its first loud stretch ends here."""
        return self._recordings[self._first % len(self._recordings)].loud_ends[0]

    def last_speech(self, until: int) -> int | None:
        """Return where the last speech up to position ``until`` ended; None where none was."""
        number = bisect_right(self._begins, until) - 1
        for pass_ in range(number, -1, -1):
            begin = self._begins[pass_]
            found = self._played[pass_].last_speech(until - begin)
            if found is not None:
                return begin + found
        return None

    def pass_of(self, position: int) -> int:
        """Return which of the recordings so far the sample just before ``position`` belongs to."""
        return max(0, bisect_left(self._begins, position) - 1)

    def whole_references(self) -> list[tuple[int, str]]:
        """Return number and reference of the recordings that were played to their end."""
        return [
            (number, played.reference)
            for number, (begin, played) in enumerate(zip(self._begins, self._played, strict=True))
            if played.reference is not None and begin + played.samples <= self.position
        ]
