"""What a back end is to the server: something that opens streams and names its models."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from captioner.core.hypothesis import Hypothesis
from captioner.riva.options import RecognitionOptions

Samples: TypeAlias = npt.NDArray[np.float32]
"""16 kHz mono, full scale at 1.0."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What clients are told about a model.

    Attributes:
        name: Its name; clients may ask for it.
        language: BCP 47 tag that it is listed under. Tags of the same language are accepted.
    """

    name: str
    language: str


@dataclass(frozen=True, slots=True)
class Update:
    """One response to the client.

    Attributes:
        hypotheses: One final; or one partial, split into a stable head and an unstable tail where
            the stream knows them apart; or nothing new, when the response only reports progress.
        position_s: Seconds of audio that the stream has worked through.
    """

    hypotheses: tuple[Hypothesis, ...]
    position_s: float


class RecognitionStream(Protocol):
    """One client's audio, from first to last sample. Used on the loop's thread only."""

    async def feed(self, samples: Samples) -> None:
        """Take in the next audio; waits while the stream is too far behind.

        Raises:
            EngineError: The recogniser failed.
        """
        ...

    async def end_utterance(self) -> None:
        """Make a final of what was said so far, without waiting for a pause."""
        ...

    async def finish(self) -> None:
        """Say that the audio has ended; `updates` ends after the last final."""
        ...

    def updates(self) -> AsyncIterator[Update]:
        """Yield results in order, until the audio has ended and everything is said.

        Raises:
            EngineError: The recogniser failed.
        """
        ...

    async def close(self) -> None:
        """Give everything back, finished or not. Idempotent."""
        ...


class Backend(Protocol):
    """A recogniser, or a stand-in for one."""

    @property
    def name(self) -> str:
        """As on the command line and in the announcement."""
        ...

    @property
    def model(self) -> ModelCard:
        """What it offers."""
        ...

    @property
    def decode_s(self) -> float:
        """Seconds that were spent on decoding, of all decoders together."""
        ...

    async def load(self) -> None:
        """Make ready to open streams.

        Raises:
            CaptionerError: It cannot be made ready.
        """
        ...

    def open_stream(self, options: RecognitionOptions) -> RecognitionStream:
        """Begin a stream. Only after `load`."""
        ...

    async def close(self) -> None:
        """Stop threads and free the model, after all streams were closed."""
        ...
