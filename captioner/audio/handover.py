"""The one bridge from a device's thread to the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from dataclasses import dataclass, replace

from captioner.core.errors import AudioDeviceError


@dataclass(frozen=True, slots=True)
class Block:
    """What a device delivered at once.

    Attributes:
        data: Interleaved little-endian float32, a copy that nobody else writes to.
        frames: Its length.
        heard_until: When the last frame was heard, in seconds of the monotonic clock.
        lost_before: Frames that were lost right before it.
        delivered_at: When the device gave it out, by the same clock.
    """

    data: bytes
    frames: int
    heard_until: float
    lost_before: int
    delivered_at: float

    def begins(self, rate: int) -> float:
        """Return when its first frame was heard, given the frames per second."""
        return self.heard_until - self.frames / rate


class Handover:
    """A bounded queue from one device thread to one coroutine.

    ``put`` and ``fail`` belong to the device's thread, the rest to the loop. When the coroutine
    falls behind, the oldest blocks are dropped and counted in the ``lost_before`` of the block
    that follows. The lock is held for a few list operations, never while anything waits.
    """

    def __init__(self, *, limit_s: float) -> None:
        """Prepare, on the loop; at most ``limit_s`` seconds of audio are kept."""
        self._loop = asyncio.get_running_loop()
        self._limit_s = limit_s
        self._limit_frames = 0
        self._lock = threading.Lock()
        self._blocks: deque[Block] = deque()
        self._frames = 0
        self._failure: AudioDeviceError | None = None
        self._wanted = False
        self._woken = False
        self._ready = asyncio.Event()

    def set_rate(self, rate: int) -> None:
        """Say how many frames make a second, before the first ``put``."""
        self._limit_frames = round(rate * self._limit_s)

    def put(self, data: bytes, frames: int, heard_until: float, *, lost_before: int = 0) -> None:
        """Add a block, from the device's thread."""
        with self._lock:
            self._blocks.append(Block(data, frames, heard_until, lost_before, time.monotonic()))
            self._frames += frames
            while self._frames > self._limit_frames and len(self._blocks) > 1:
                oldest = self._blocks.popleft()
                self._frames -= oldest.frames
                heir = self._blocks[0]
                lost = heir.lost_before + oldest.lost_before + oldest.frames
                self._blocks[0] = replace(heir, lost_before=lost)
            # One wake-up is enough, however many blocks arrive before the loop gets to it.
            is_wanted, self._wanted = self._wanted, False
        if is_wanted:
            self._wake_soon()

    def fail(self, error: AudioDeviceError) -> None:
        """Say that nothing more will come, and why, from any thread; the first reason counts."""
        with self._lock:
            self._failure = self._failure or error
        self._wake_soon()

    @property
    def failure(self) -> AudioDeviceError | None:
        """Why nothing more will come; None while something may."""
        return self._failure

    async def get(self, timeout_s: float) -> Block | None:
        """Return the oldest block, waiting for it at most ``timeout_s`` seconds.

        None when there is none in time, when there will be no more (`failure`), and after `wake`.
        """
        self._woken = False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while (block := self._take()) is None:
                    if self._failure is not None or self._woken:
                        return None
                    await self._ready.wait()
                return block
        return self._take()

    def wake(self) -> None:
        """Let a waiting ``get`` return at once, from the loop."""
        self._woken = True
        self._ready.set()

    def _take(self) -> Block | None:
        with self._lock:
            self._ready.clear()
            if not self._blocks:
                self._wanted = True
                return None
            self._wanted = False
            block = self._blocks.popleft()
            self._frames -= block.frames
            return block

    def _wake_soon(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to tell
            self._loop.call_soon_threadsafe(self._ready.set)
