"""Raw sound on standard input: 16 kHz mono, signed 16-bit little-endian."""

from __future__ import annotations

import asyncio
import logging
import os
import select
import sys
import threading
from collections.abc import AsyncGenerator, Callable
from typing import Final

from captioner.audio.pacing import Pacer
from captioner.core.audio import (
    BYTES_PER_SAMPLE,
    AudioChunk,
    SourceItem,
    SourceOpened,
    ms_to_samples,
)
from captioner.core.clock import Clock, SystemClock
from captioner.core.errors import InputFileError

_log = logging.getLogger(__name__)

_QUEUE_CHUNKS: Final = 20
_LIVE_SPEED: Final = 1.02
"""A file on standard input is slowed down to real time, but a live writer's clock may be a little
faster than ours and must not be held up."""

_CONTAINERS: Final = (b"RIFF", b"fLaC", b"OggS", b"ID3", b"\x1aE\xdf\xa3")
_HOW: Final = "For example: ffmpeg -i FILE -f s16le -ar 16000 -ac 1 - | captioner live --source -"


class PcmPipeSource:
    """Reads a file descriptor on one thread; a slow listener makes the writer wait.

    On Windows the thread cannot be woken from a read: it ends with the next bytes, or with the
    process.
    """

    def __init__(
        self,
        *,
        chunk_ms: int,
        realtime: bool,
        descriptor: int | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Prepare; ``descriptor`` None means standard input, which is not closed afterwards."""
        self._chunk_bytes = ms_to_samples(chunk_ms) * BYTES_PER_SAMPLE
        self._clock = clock or SystemClock()
        self._pacer = Pacer(self._clock, speed=_LIVE_SPEED) if realtime else None
        self._descriptor = sys.stdin.fileno() if descriptor is None else descriptor
        self._closed = False
        self._reader: _PipeReader | None = None

    @property
    def lost_samples(self) -> int:
        """Always 0: the writer waits."""
        return 0

    async def items(self) -> AsyncGenerator[SourceItem, None]:
        """Yield what is written to the pipe; see `captioner.audio.source.AudioSource`.

        Raises:
            InputFileError: It is a terminal, empty, or evidently not raw PCM.
        """
        if os.isatty(self._descriptor):
            raise InputFileError(
                "Standard input is a terminal, so no sound can come from it.", hint=_HOW
            )
        reader = self._reader = _PipeReader(self._descriptor, self._chunk_bytes)
        reader.start()
        position = 0
        try:
            yield SourceOpened(kind="stdin", name="standard input")
            while not self._closed and (pcm := await reader.get()):
                if not position:
                    _require_raw(pcm)
                samples = len(pcm) // BYTES_PER_SAMPLE
                if self._pacer is not None:
                    await self._pacer.wait_for(position + samples)
                yield AudioChunk(pcm=pcm, start=position, captured_at=self._clock.now())
                position += samples
            if not position and not self._closed:
                raise InputFileError("Nothing came in on standard input.", hint=_HOW)
        finally:
            self._closed = True
            reader.stop()

    async def close(self) -> None:
        """Stop reading; ``items`` ends after the chunk that is being waited for."""
        self._closed = True
        if self._pacer is not None:
            self._pacer.close()
        if self._reader is not None:
            self._reader.stop()


def _require_raw(first: bytes) -> None:
    if first.startswith(_CONTAINERS):
        raise InputFileError(
            "Standard input carries a sound file, but raw 16 kHz mono 16-bit PCM is expected.",
            hint=f"Name the file instead, or convert it on the way. {_HOW}",
        )


class _PipeReader:
    """One thread that cuts what it reads into chunks; empty bytes mean the end."""

    def __init__(self, descriptor: int, chunk_bytes: int) -> None:
        self._descriptor = descriptor
        self._chunk_bytes = chunk_bytes
        self._loop = asyncio.get_running_loop()
        self._chunks: asyncio.Queue[bytes] = asyncio.Queue()
        self._room = threading.Semaphore(_QUEUE_CHUNKS)
        self._stopping = False
        self._wake_read, self._wake_write = os.pipe()
        self._thread = threading.Thread(target=self._run, name="captioner-stdin", daemon=True)

    def start(self) -> None:
        self._thread.start()

    async def get(self) -> bytes:
        chunk = await self._chunks.get()
        self._room.release()
        return chunk

    def stop(self) -> None:
        if not self._stopping:
            self._stopping = True
            os.close(self._wake_write)
            self._room.release()
            self._chunks.put_nowait(b"")

    def _run(self) -> None:
        try:
            self._read()
        except OSError as error:
            _log.warning("standard input cannot be read any more: %s", error.strerror)
        finally:
            os.close(self._wake_read)
            self._post(b"")

    def _read(self) -> None:
        pending = bytearray()
        while self._wait_readable():
            data = os.read(self._descriptor, self._chunk_bytes)
            if not data:
                break
            pending += data
            while len(pending) >= self._chunk_bytes:
                self._room.acquire()
                if self._stopping:
                    return
                self._post(bytes(pending[: self._chunk_bytes]))
                del pending[: self._chunk_bytes]
        if len(pending) % BYTES_PER_SAMPLE:
            _log.warning("standard input ended in the middle of a sample")
            del pending[-1]
        if pending:
            self._post(bytes(pending))

    def _wait_readable(self) -> bool:
        if sys.platform == "win32":  # select() there knows only sockets
            return not self._stopping
        ready, _, _ = select.select([self._descriptor, self._wake_read], [], [])
        return self._wake_read not in ready

    def _post(self, chunk: bytes) -> None:
        put: Callable[[bytes], None] = self._chunks.put_nowait
        try:
            self._loop.call_soon_threadsafe(put, chunk)
        except RuntimeError:
            _log.debug("the loop closed before standard input ended")
