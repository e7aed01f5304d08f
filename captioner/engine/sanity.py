"""Whether it is likely that somebody said this: words that a model makes up are held back.

Music and noise now and then pass the voice detector for a moment, and the model writes something
for whatever it is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from captioner.core.audio import SAMPLE_RATE
from captioner.engine.native import FRAME
from captioner.engine.reading import key

_FASTEST_WORDS_PER_S: Final = 6.0
_FREE_WORDS: Final = 3
_WEAK_EVIDENCE_S: Final = 0.35
_SAID_INTO_SILENCE: Final = frozenset(
    {"thank you", "thanks for watching", "thank you for watching", "you", "bye", "the", "i don't"}
)


def is_plausible(tokens: Sequence[str], voiced_s: float) -> bool:
    """Return whether ``voiced_s`` seconds of voice are enough for these words."""
    if len(tokens) > _FREE_WORDS + _FASTEST_WORDS_PER_S * voiced_s:
        return False
    phrase = " ".join(key(token) for token in tokens)
    return voiced_s > _WEAK_EVIDENCE_S or phrase not in _SAID_INTO_SILENCE


def seconds(frames: int) -> float:
    """Return how long ``frames`` frames last."""
    return frames * FRAME / SAMPLE_RATE
