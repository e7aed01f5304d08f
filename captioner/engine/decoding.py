"""What a worker thread does for a stream: from audio to words that are fit to be said.

A final is read together with the utterances right before it, as far as they fit into 8 seconds:
the model hears short pieces badly, and context halves its errors (two clips in seven variants:
10.6 wrong words of 131 for the library's own offline call, 5.1 so). The words of the context are
known by then and are taken off; where that is not certain, the utterance is read alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from captioner.core.audio import SAMPLE_RATE
from captioner.engine.backend import Samples
from captioner.engine.native import Decoder
from captioner.engine.reading import after_context, find_loop, is_all_loop, tokens_of, without_loop
from captioner.engine.sanity import is_plausible

_PADDING: Final = SAMPLE_RATE // 4


@dataclass(frozen=True, slots=True)
class Passage:
    """What there is to decide what was said in an utterance.

    Attributes:
        alone: Its audio, as far as it goes.
        with_context: The audio from the beginning of the context to its end; None without context.
        said: Keys of the words that the context was read as.
        voiced_s: Seconds of voice in it.
    """

    alone: Samples
    with_context: Samples | None
    said: tuple[str, ...]
    voiced_s: float

    @property
    def audio(self) -> Samples:
        """What is decoded first."""
        return self.alone if self.with_context is None else self.with_context


def read_whole(decoder: Decoder, passage: Passage) -> str:
    """Return the final text; empty when nobody said anything.

    The same audio gives the same text, whenever it is asked for.

    Raises:
        EngineError: The library failed.
    """
    if passage.with_context is not None:
        rest = after_context(passage.said, tokens_of(decoder.decode(passage.with_context)))
        if rest is not None and _is_sound(rest, passage.voiced_s):
            return " ".join(rest)
    tokens = tokens_of(decoder.decode(passage.alone))
    if not _is_sound(tokens, passage.voiced_s):
        # A loop hangs on how the audio begins and ends: silence around it often breaks it.
        silence = np.zeros(_PADDING, dtype=np.float32)
        again = tokens_of(decoder.decode(np.concatenate([silence, passage.alone, silence])))
        tokens = again if _is_sound(again, passage.voiced_s) else _mended(again)
    return " ".join(tokens) if is_plausible(tokens, passage.voiced_s) else ""


def read_partial(decoder: Decoder, passage: Passage) -> str:
    """Return what can be read of an utterance that goes on; empty when that makes no sense.

    Raises:
        EngineError: The library failed.
    """
    tokens = None
    if passage.with_context is not None:
        tokens = after_context(passage.said, tokens_of(decoder.decode(passage.with_context)))
    if tokens is None:
        tokens = tokens_of(decoder.decode(passage.alone))
    tokens = _mended(tokens)
    return " ".join(tokens) if is_plausible(tokens, passage.voiced_s) else ""


def _is_sound(tokens: list[str], voiced_s: float) -> bool:
    return find_loop(tokens) is None and is_plausible(tokens, voiced_s)


def _mended(tokens: list[str]) -> list[str]:
    while (loop := find_loop(tokens)) is not None:
        if is_all_loop(tokens, loop):
            return []
        tokens = without_loop(tokens, loop)
    return tokens
