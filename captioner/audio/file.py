"""A sound file as a source: in real time, or as fast as the listener takes it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from captioner.audio.chunker import Chunker
from captioner.audio.decoders import Decoder, open_decoder
from captioner.audio.pacing import Pacer
from captioner.core.audio import AudioChunk, SourceItem, SourceOpened, ms_to_samples
from captioner.core.clock import Clock, SystemClock
from captioner.core.errors import InputFileError

_log = logging.getLogger(__name__)

_TRUNCATED_S = 0.1
"""A file that ends so much before the length it claims is reported as cut off."""


def file_duration_s(path: Path) -> float | None:
    """Return the length of a sound file in seconds, None when it does not tell. Blocks.

    Raises:
        InputFileError: It cannot be read as audio.
    """
    decoder = open_decoder(path)
    try:
        return decoder.duration_s
    finally:
        decoder.close()


class FileSource:
    """Decodes and resamples on one worker thread, a second at a time, whatever the file's length.

    A file that breaks off gives everything up to there, and a warning in the log.
    """

    def __init__(
        self, path: Path, *, chunk_ms: int, realtime: bool, clock: Clock | None = None
    ) -> None:
        """Prepare; the file is opened when ``items`` is iterated."""
        self._path = path
        self._chunk_samples = ms_to_samples(chunk_ms)
        self._clock = clock or SystemClock()
        self._pacer = Pacer(self._clock) if realtime else None
        self._closed = False

    @property
    def lost_samples(self) -> int:
        """Always 0: a file waits for its listener."""
        return 0

    async def items(self) -> AsyncGenerator[SourceItem, None]:
        """Yield the file; see `captioner.audio.source.AudioSource`.

        Raises:
            InputFileError: It cannot be read as audio.
        """
        loop = asyncio.get_running_loop()
        worker = ThreadPoolExecutor(1, thread_name_prefix="captioner-decode")
        reader: _FileReader | None = None
        try:
            reader = await loop.run_in_executor(
                worker, _FileReader, self._path, self._chunk_samples
            )
            yield SourceOpened(kind="file", name=self._path.name)
            while not self._closed and not reader.at_end:
                for chunk in await loop.run_in_executor(worker, reader.read):
                    if self._pacer is not None:
                        await self._pacer.wait_for(chunk.end)
                    if self._closed:
                        break
                    yield replace(chunk, captured_at=self._clock.now())
        finally:
            if reader is not None:
                worker.submit(reader.close)
            worker.shutdown(wait=False)

    async def close(self) -> None:
        """Stop reading; ``items`` ends at once, what was not heard yet is left out."""
        self._closed = True
        if self._pacer is not None:
            self._pacer.close()


class _FileReader:
    """The worker's side: from the file to chunks without times."""

    def __init__(self, path: Path, chunk_samples: int) -> None:
        self._path = path
        self._decoder: Decoder = open_decoder(path)
        self._chunker = Chunker(
            rate=self._decoder.rate, channels=self._decoder.channels, chunk_samples=chunk_samples
        )
        self._frames = 0
        self.at_end = False

    def read(self) -> list[AudioChunk]:
        try:
            frames = self._decoder.read()
        except InputFileError:
            if not self._frames:
                raise
            _log.warning('"%s" is damaged after %s.', self._path.name, self._place())
            return self._finish()
        if not len(frames):
            self._report_end()
            return self._finish()
        self._frames += len(frames)
        return self._chunker.feed(frames, 0.0)

    def close(self) -> None:
        self._decoder.close()

    def _finish(self) -> list[AudioChunk]:
        self.at_end = True
        return self._chunker.finish()

    def _report_end(self) -> None:
        if not self._frames:
            raise InputFileError(
                f'There is no sound in "{self._path.name}".', hint="Record or copy it once more."
            )
        claimed = self._decoder.duration_s or 0.0
        is_short = claimed - self._frames / self._decoder.rate > _TRUNCATED_S
        if is_short or self._decoder.is_cut_off:
            _log.warning('"%s" breaks off after %s.', self._path.name, self._place())

    def _place(self) -> str:
        minutes, seconds = divmod(round(self._frames / self._decoder.rate), 60)
        return f"{minutes}:{seconds:02d}"
