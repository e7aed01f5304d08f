"""The moonshine back end: the model that is bundled with the moonshine-voice wheel."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import Final

from captioner.engine.backend import ModelCard, RecognitionStream
from captioner.engine.native import Decoder
from captioner.engine.scheduler import DecodeScheduler
from captioner.engine.stream import MoonshineStream
from captioner.engine.voice import VoiceDetector
from captioner.riva.options import RecognitionOptions

logger = logging.getLogger(__name__)

_CORES_A_DECODER: Final = 2
_MOST_DECODERS: Final = 2


class MoonshineBackend:
    """Owns the voice detector and the decoders that all streams share."""

    name: Final = "moonshine"
    model: Final = ModelCard(name="moonshine-tiny-en", language="en-US")

    def __init__(self) -> None:
        """Prepare; nothing is loaded before `load`."""
        self._detector: VoiceDetector | None = None
        self._scheduler: DecodeScheduler | None = None

    @property
    def decode_s(self) -> float:
        """Seconds that were spent on decoding, of all decoders together; kept when closed."""
        return 0.0 if self._scheduler is None else self._scheduler.decode_s

    async def load(self) -> None:
        """Load the model in a worker thread; takes about a second.

        Raises:
            EngineError: The model's files are missing or damaged.
        """
        self._detector, decoders = await asyncio.to_thread(_load)
        self._scheduler = DecodeScheduler(decoders)
        logger.info("Model %s is ready, decoders: %d", self.model.name, len(decoders))

    def open_stream(self, options: RecognitionOptions) -> RecognitionStream:
        """Begin a stream."""
        if self._detector is None or self._scheduler is None:
            raise AssertionError("a stream was opened before the model was loaded")
        return MoonshineStream(self._detector, self._scheduler.open_lane(), options)

    async def close(self) -> None:
        """Stop the threads and free the model."""
        detector, self._detector = self._detector, None
        if detector is not None and self._scheduler is not None:
            await self._scheduler.close()
            await detector.close()


def _load() -> tuple[VoiceDetector, list[Decoder]]:
    count = max(1, min(_MOST_DECODERS, (os.cpu_count() or 1) // _CORES_A_DECODER))
    return VoiceDetector(), [Decoder() for _ in range(count)]
