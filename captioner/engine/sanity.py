"""Whether it is likely that somebody said this: words that a model makes up are held back.

Music, hum and noise now and then pass the voice detector for a moment, and the model writes
something for whatever it is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from captioner.core.audio import SAMPLE_RATE
from captioner.engine.backend import Samples
from captioner.engine.native import FRAME
from captioner.engine.reading import key

_FASTEST_WORDS_PER_S: Final = 6.0
_FREE_WORDS: Final = 3
_WEAK_EVIDENCE_S: Final = 0.35
_SAID_INTO_SILENCE: Final = frozenset(
    {"thank you", "thanks for watching", "thank you for watching", "you", "bye", "the", "i don't"}
)
_BANDS: Final = (0, 2, 4, 6, 8, 10, 13, 16, 20, 25, 31, 38, 47, 58, 72, 90)
_LOWEST_BIN: Final = 3
_HIGHEST_BIN: Final = 130
_STEP: Final = 2
_STEADY: Final = 0.15
_QUIET: Final = 1e-6


def is_plausible(tokens: Sequence[str], voiced_s: float) -> bool:
    """Return whether ``voiced_s`` seconds of voice are enough for these words."""
    if len(tokens) > _FREE_WORDS + _FASTEST_WORDS_PER_S * voiced_s:
        return False
    phrase = " ".join(key(token) for token in tokens)
    return voiced_s > _WEAK_EVIDENCE_S or phrase not in _SAID_INTO_SILENCE


def moves_like_speech(samples: Samples) -> bool:
    """Return whether the spectrum changes at all from frame to frame.

    The measure is the median, over frames, of how much the share of energy in 16 bands changes
    within 64 ms. Speech in ten recordings and three synthetic voices has 0.52 to 0.86, also with
    noise at 10 dB; held tones and chords have less than 0.08.
    """
    count = len(samples) // FRAME
    if count <= _STEP:
        return True
    frames = samples[: count * FRAME].reshape(count, FRAME) * np.hanning(FRAME)
    spectrum = np.abs(np.fft.rfft(frames, axis=1))[:, _LOWEST_BIN:_HIGHEST_BIN]
    bands = np.add.reduceat(spectrum, _BANDS, axis=1) + _QUIET
    shares = bands / bands.sum(axis=1, keepdims=True)
    change = np.abs(shares[_STEP:] - shares[:-_STEP]).sum(axis=1)
    loud = bands.sum(axis=1)[_STEP:]
    # Frames of the pauses around the words say nothing about the words.
    return bool(np.median(change[loud >= np.median(loud)]) > _STEADY)


def seconds(frames: int) -> float:
    """Return how long ``frames`` frames last."""
    return frames * FRAME / SAMPLE_RATE
