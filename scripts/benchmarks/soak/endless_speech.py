"""Coded speech without an end, an utterance at a time, each word with a number of its own."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

import numpy as np

from captioner.core.audio import ms_to_samples
from tests.support.coded_speech import CodedWord, word_wave

_WORDS: Final = (2, 9)
_GAP_MS: Final = (20, 120)
_PAUSE_MS: Final = (900, 2600)


@dataclass(frozen=True, slots=True)
class Utterance:
    """Some words and the pause after them.

    Attributes:
        start: Its first sample, counted from the begin of the speech.
        pcm: 16 kHz mono s16le.
        words: What is said, and where.
    """

    start: int
    pcm: bytes
    words: tuple[CodedWord, ...]

    def until(self, end: int) -> Utterance:
        """Return what is there before sample ``end``; a word that is cut is said by nobody."""
        words = tuple(word for word in self.words if word.end <= end)
        return Utterance(self.start, self.pcm[: 2 * (end - self.start)], words)


class EndlessSpeech:
    """Says one utterance after the other.

    Attributes:
        position: Where the next one begins.
    """

    def __init__(self, seed: int) -> None:
        """Begin at sample 0 with word 0."""
        self._chance = random.Random(seed)  # noqa: S311 - speech, not secrets
        self._number = 0
        self.position = 0

    def utterance(self) -> Utterance:
        """Say the next one."""
        start, parts, words = self.position, [], []
        for _ in range(self._chance.randint(*_WORDS)):
            parts.append(self._silence(_GAP_MS))
            wave = word_wave(self._number)
            words.append(CodedWord(self._number, self.position, self.position + len(wave)))
            parts.append(wave)
            self.position += len(wave)
            self._number += 1
        parts.append(self._silence(_PAUSE_MS))
        return Utterance(start, np.concatenate(parts).astype("<i2").tobytes(), tuple(words))

    def _silence(self, limits_ms: tuple[int, int]) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
        samples = ms_to_samples(self._chance.uniform(*limits_ms))
        self.position += samples
        return np.zeros(samples, dtype=np.int16)
