"""When each word was said: an estimate.

The bundled model gives no word times, so they are not measured. The frames of an utterance that
hold voice are shared out among its words by the length of their spelling; pauses inside the
utterance therefore fall between words or into them. The first word begins and the last one ends
with the utterance, exactly; in between expect errors of some tenths of a second. The confidence of
every word is 0.0, which means that there is none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from captioner.core.audio import samples_to_ms
from captioner.core.hypothesis import Word
from captioner.engine.endpointing import Utterance
from captioner.engine.native import FRAME
from captioner.engine.reading import key


def estimate_word_times(tokens: Sequence[str], utterance: Utterance) -> tuple[Word, ...]:
    """Return the tokens as words with estimated times, in milliseconds of the stream."""
    if not tokens:
        return ()
    voiced = np.flatnonzero(utterance.voiced)
    if not len(voiced):
        voiced = np.arange(len(utterance.voiced))
    # One letter more than it has, so that short words get their share of the time.
    weights = np.array([len(key(token)) + 1 for token in tokens], dtype=np.float64)
    shares = np.concatenate([[0.0], np.cumsum(weights) / weights.sum()])
    bounds = np.round(shares * len(voiced)).astype(int)
    words = []
    for index, token in enumerate(tokens):
        first = int(voiced[min(bounds[index], len(voiced) - 1)])
        last = max(first, int(voiced[max(bounds[index + 1] - 1, 0)]))
        words.append(
            Word(
                text=token,
                start_ms=_ms(utterance.start + first),
                end_ms=_ms(utterance.start + last + 1),
            )
        )
    return tuple(words)


def _ms(frame: int) -> int:
    return samples_to_ms(frame * FRAME)
