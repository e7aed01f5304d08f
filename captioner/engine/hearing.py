"""From samples to utterances: one stream's audio, judged frame by frame."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np

from captioner.engine.backend import Samples
from captioner.engine.endpointing import Boundary, Endpointer
from captioner.engine.native import FRAME
from captioner.engine.voice import MEMORY_FRAMES, VoiceDetector
from captioner.engine.window import AudioWindow


class Hearing:
    """Keeps the audio that is still needed, and finds utterances in it.

    Attributes:
        endpointer: Where the stream is; its position is in frames.
    """

    def __init__(self, detector: VoiceDetector) -> None:
        """Begin a stream of the detector's."""
        self.endpointer = Endpointer()
        self._detector = detector
        self._window = AudioWindow()
        detector.join()

    @property
    def judged(self) -> int:
        """Samples that the detector has judged."""
        return self.endpointer.position * FRAME

    def append(self, samples: Samples) -> None:
        """Add the next audio."""
        self._window.append(samples)

    def complete_frame(self) -> None:
        """Fill the last frame with silence: no more audio follows."""
        self._window.append(np.zeros(-self._window.end % FRAME, dtype=np.float32))

    async def boundaries(self, *, at_least: int | None = None) -> AsyncIterator[Boundary]:
        """Judge the audio that has come and yield what begins to be over.

        Args:
            at_least: Frames that are worth a call; None leaves it to the detector.

        Raises:
            EngineError: The detector failed.
        """
        count = (self._window.end - self.judged) // FRAME
        if count < (self._detector.batch_frames if at_least is None else at_least):
            return
        begin, end = self.judged, self.judged + count * FRAME
        past = self._window.slice(begin - MEMORY_FRAMES * FRAME, begin)
        frames = self._window.slice(begin, end)
        voiced = await self._detector.voiced(self, past, frames)
        levels = np.sqrt(np.mean(frames.reshape(count, FRAME) ** 2, axis=1))
        for is_voice, level in zip(voiced.tolist(), levels.tolist(), strict=True):
            boundary = self.endpointer.push(is_voice=is_voice, level=level)
            if boundary is not None:
                yield boundary

    def audio(self, begin: int, end: int) -> Samples:
        """Return a copy of the audio between two positions, as far as it is there."""
        return self._window.slice(begin, end)

    def forget_before(self, position: int) -> None:
        """Drop audio before ``position`` that the detector does not need either."""
        self._window.drop_before(min(position, self.judged - MEMORY_FRAMES * FRAME))

    def close(self) -> None:
        """Leave the detector to the others."""
        self._detector.leave(self)
