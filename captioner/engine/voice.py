"""One voice detector for all streams, in a thread of its own.

The library's detector carries a recurrent state from frame to frame, one for the whole process.
Two streams that take turns spoil it for each other: in a test with two clips, 67 stretches of
voice instead of 13. So when another stream was heard in between, the last half second of this
stream is played to the detector again first, which restores its state (13 to 16 stretches).
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
import numpy.typing as npt

from captioner.engine.backend import Samples
from captioner.engine.native import FRAME, FrameDetector

MEMORY_FRAMES: Final = 16
"""Frames of a stream's past that bring the detector's state back."""

_ALONE_FRAMES: Final = 3
_SHARED_FRAMES: Final = 6


class VoiceDetector:
    """Serves streams in turn. All methods but the work itself run on the loop's thread."""

    def __init__(self) -> None:
        """Load the detector.

        Raises:
            EngineError: The library failed.
        """
        self._detector = FrameDetector()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="voice")
        self._last: object | None = None
        self._listeners = 0

    def join(self) -> None:
        """Count a stream in."""
        self._listeners += 1

    def leave(self, stream: object) -> None:
        """Count a stream out."""
        self._listeners -= 1
        if self._last is stream:
            self._last = None

    @property
    def batch_frames(self) -> int:
        """How many frames make a call worth while: replaying the past costs, with many streams."""
        return _ALONE_FRAMES if self._listeners <= 1 else _SHARED_FRAMES

    async def voiced(self, stream: object, past: Samples, frames: Samples) -> npt.NDArray[np.bool_]:
        """Return one flag for each frame of ``frames``.

        Args:
            stream: Whose audio it is.
            past: What came right before, at most `MEMORY_FRAMES` frames.
            frames: A whole number of frames.

        Raises:
            EngineError: The library failed.
        """
        known = self._last is stream
        self._last = stream
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._run, None if known else past, frames)

    def _run(self, past: Samples | None, frames: Samples) -> npt.NDArray[np.bool_]:
        if past is None:
            return self._detector.voiced(frames)
        missing = np.zeros(MEMORY_FRAMES * FRAME - len(past), dtype=np.float32)
        flags = self._detector.voiced(np.concatenate([missing, past, frames]))
        return flags[MEMORY_FRAMES:]

    async def close(self) -> None:
        """Wait for the call that runs, end the thread, free the detector."""
        await asyncio.to_thread(self._thread.shutdown)
        self._detector.close()
