"""Speech whose every word is a code in its samples, and the decoder that reads it back.

A word is a run of samples that its number alone determines: a mark, the number, and a body that
differs for each number. The decoder gives a word only when every sample of it came, in order. So
what a server has heard is known from the audio itself, at any alignment of chunks and from any
point on, and a sample that is lost, repeated or changed takes its word with it. Silence is zeros.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from captioner.core.audio import BYTES_PER_SAMPLE, ms_to_samples

Samples = NDArray[np.int16]

WORD_COUNT: Final = 8192 * 8192
"""Numbers that a code can carry."""

_MARK: Final = np.array([32001, -32001, 32001, 32001], dtype=np.int16)
"""Begins a word; no other sample is as large."""

_DIGIT: Final = 8192
_HEADER: Final = len(_MARK) + 3
_BODY_PEAK: Final = 20_000
_SHORTEST_MS: Final = 250
_LENGTHS_MS: Final = 151


@dataclass(frozen=True, slots=True)
class CodedWord:
    """A word and where it lies.

    Attributes:
        number: What it says.
        start: Its first sample.
        end: Just after its last sample.
    """

    number: int
    start: int
    end: int


@lru_cache(maxsize=512)
def word_wave(number: int) -> Samples:
    """Return the samples of a word: 250 to 400 ms, none of them zero.

    Raises:
        ValueError: No code carries this number.
    """
    if not 0 <= number < WORD_COUNT:
        raise ValueError(f"no word has the number {number}")
    # Odd lengths in samples, so that words end at no particular place of a chunk.
    length = ms_to_samples(_SHORTEST_MS + number * 37 % _LENGTHS_MS) + number % 7
    positions = np.arange(length, dtype=np.int64)
    body = ((positions + 1) * (2 * number + 1) * 7919 + positions // 5) % (2 * _BODY_PEAK + 1)
    wave = (body - _BODY_PEAK).astype(np.int16)
    wave[wave == 0] = 1
    high, low = divmod(number, _DIGIT)
    wave[: len(_MARK)] = _MARK
    wave[len(_MARK) : _HEADER] = (high + 1, low + 1, (high + 3 * low) % _DIGIT + 1)
    wave.flags.writeable = False
    return wave


class CodeDecoder:
    """Reads one stream of PCM.

    Attributes:
        position: Samples so far.
        sound_until: Just after the newest sample that is not silent; 0 before the first.
    """

    def __init__(self) -> None:
        """Begin a stream, at any point of the speech."""
        self._held: Samples = np.zeros(0, dtype=np.int16)
        self.position = 0
        self.sound_until = 0

    @property
    def pending_start(self) -> int | None:
        """Where the word begins that has been heard in part, None between words."""
        return self.position - len(self._held) if len(self._held) else None

    def feed(self, pcm: bytes) -> list[CodedWord]:
        """Take in the next PCM, and return the words that it completes.

        Raises:
            ValueError: Half a sample.
        """
        if len(pcm) % BYTES_PER_SAMPLE:
            raise ValueError("the audio ends in the middle of a sample")
        new = np.frombuffer(pcm, dtype="<i2")
        loud = np.flatnonzero(new)
        if len(loud):
            self.sound_until = self.position + int(loud[-1]) + 1
        self.position += len(new)
        self._held = np.concatenate([self._held, new])
        words: list[CodedWord] = []
        while (word := self._next()) is not None:
            words.append(word)
        return words

    def _next(self) -> CodedWord | None:
        """Return the first whole word of what is held; keep only what may become one."""
        while True:
            marks = np.flatnonzero(self._held == _MARK[0])
            self._held = self._held[int(marks[0]) :] if len(marks) else self._held[:0]
            if not len(marks):
                return None
            wanted = _word_that_begins(self._held)
            size = min(len(self._held), len(wanted))
            if size == 0 or not np.array_equal(self._held[:size], wanted[:size]):
                self._held = self._held[1:]
                continue
            if size < max(len(wanted), _HEADER):
                return None
            start = self.position - len(self._held)
            number = _number_in(self._held)
            assert number is not None
            self._held = self._held[len(wanted) :]
            return CodedWord(number, start, start + len(wanted))


def _word_that_begins(held: Samples) -> Samples:
    """Return what must follow where ``held`` begins a word, as far as it tells; else nothing."""
    if len(held) < _HEADER:
        return _MARK[: len(held)]
    number = _number_in(held)
    return _MARK[:0] if number is None else word_wave(number)


def _number_in(held: Samples) -> int | None:
    high, low, check = (int(digit) - 1 for digit in held[len(_MARK) : _HEADER])
    is_number = 0 <= high < _DIGIT and 0 <= low < _DIGIT and check == (high + 3 * low) % _DIGIT
    return high * _DIGIT + low if is_number else None


@dataclass(frozen=True)
class CodedSpeech:
    """Audio with the words that are in it.

    Attributes:
        pcm: 16 kHz mono s16le.
        utterances: The words of each, in order.
    """

    pcm: bytes
    utterances: tuple[tuple[CodedWord, ...], ...]

    @property
    def samples(self) -> int:
        """Length in samples."""
        return len(self.pcm) // BYTES_PER_SAMPLE

    @property
    def words(self) -> tuple[CodedWord, ...]:
        """All words, in order."""
        return tuple(word for utterance in self.utterances for word in utterance)

    def cut(self, start: int, end: int) -> bytes:
        """Return the PCM between two samples."""
        return self.pcm[start * BYTES_PER_SAMPLE : end * BYTES_PER_SAMPLE]

    def middle_of(self, utterance: int, word: int) -> int:
        """Return the sample in the middle of a word."""
        found = self.utterances[utterance][word]
        return (found.start + found.end) // 2

    def pause_after(self, utterance: int) -> int:
        """Return the sample in the middle of the pause after an utterance."""
        end = self.utterances[utterance][-1].end
        following = self.utterances[utterance + 1 : utterance + 2]
        return (end + (following[0][0].start if following else self.samples)) // 2


def speak(
    seconds: float,
    *,
    seed: int = 0,
    words: tuple[int, int] = (2, 7),
    pause_ms: tuple[int, int] = (900, 2200),
    tail_ms: int = 0,
) -> CodedSpeech:
    """Compose utterances with pauses between them, the same for the same arguments.

    Args:
        seconds: How long the whole is at least; the last utterance is not cut.
        seed: Another speech.
        words: Fewest and most words of an utterance.
        pause_ms: Shortest and longest pause between two utterances, in milliseconds.
        tail_ms: Silence after all of it besides.
    """
    chance = random.Random(seed)  # noqa: S311 - speech, not secrets
    parts: list[Samples] = []
    position = 0
    number = 100 * seed
    utterances: list[tuple[CodedWord, ...]] = []

    def silent(low_ms: int, high_ms: int) -> None:
        nonlocal position
        gap = ms_to_samples(chance.uniform(low_ms, high_ms))
        parts.append(np.zeros(gap, dtype=np.int16))
        position += gap

    silent(200, 500)
    while position < ms_to_samples(1000 * seconds):
        spoken: list[CodedWord] = []
        for index in range(chance.randint(*words)):
            if index:
                silent(20, 120)
            wave = word_wave(number)
            parts.append(wave)
            spoken.append(CodedWord(number, position, position + len(wave)))
            position += len(wave)
            number += 1
        utterances.append(tuple(spoken))
        silent(*pause_ms)
    silent(tail_ms, tail_ms)
    pcm = np.concatenate(parts).astype("<i2").tobytes()
    return CodedSpeech(pcm, tuple(utterances))
