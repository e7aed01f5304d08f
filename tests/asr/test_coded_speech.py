"""The codes in the PCM: what the decoder says is what was whole, at any cut and from any point."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.audio.level import measure_level
from captioner.core.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from tests.support.coded_speech import (
    WORD_COUNT,
    CodeDecoder,
    CodedSpeech,
    CodedWord,
    speak,
    word_wave,
)

SPEECH = speak(6, seed=3)
positions = st.integers(0, SPEECH.samples)


def decoded(pcm: bytes, cuts: list[int] | None = None) -> list[CodedWord]:
    """Return the words of ``pcm``, fed in pieces that end at ``cuts``."""
    decoder = CodeDecoder()
    ends = sorted({*(cuts or []), len(pcm) // BYTES_PER_SAMPLE})
    words = [
        word
        for begin, end in pairwise([0, *ends])
        for word in decoder.feed(pcm[begin * BYTES_PER_SAMPLE : end * BYTES_PER_SAMPLE])
    ]
    assert decoder.position == len(pcm) // BYTES_PER_SAMPLE
    return words


def whole_words(speech: CodedSpeech, start: int, end: int) -> list[CodedWord]:
    """Return the words that lie whole between two samples, by positions from ``start``."""
    return [
        CodedWord(word.number, word.start - start, word.end - start)
        for word in speech.words
        if start <= word.start and word.end <= end
    ]


@given(cuts=st.lists(positions, max_size=40))
def test_cuts_between_chunks_do_not_matter(cuts: list[int]) -> None:
    assert decoded(SPEECH.pcm, cuts) == list(SPEECH.words)


@given(start=positions, end=positions, cuts=st.lists(positions, max_size=5))
def test_only_words_that_came_whole_are_words(start: int, end: int, cuts: list[int]) -> None:
    start, end = sorted((start, end))
    assert decoded(SPEECH.cut(start, end), [cut for cut in cuts if cut < end - start]) == (
        whole_words(SPEECH, start, end)
    )


@given(at=positions, lost=st.integers(1, 20_000))
def test_lost_samples_take_the_words_that_they_were_in(at: int, lost: int) -> None:
    after = min(at + lost, SPEECH.samples)
    pcm = SPEECH.cut(0, at) + SPEECH.cut(after, SPEECH.samples)
    torn = {w.number for w in SPEECH.words if w.start < after and w.end > at}
    expected = [word.number for word in SPEECH.words if word.number not in torn]
    assert [word.number for word in decoded(pcm)] == expected


@given(at=positions, twice=st.integers(1, 20_000))
def test_samples_that_came_twice_tear_what_they_were_in(at: int, twice: int) -> None:
    """The audio jumps back, as where a replay overlaps what was heard."""
    back = max(0, at - twice)
    pcm = SPEECH.cut(0, at) + SPEECH.cut(back, SPEECH.samples)
    expected = [word.number for word in SPEECH.words if word.end <= at]
    expected += [word.number for word in SPEECH.words if word.start >= back]
    assert [word.number for word in decoded(pcm)] == expected


@given(word=st.sampled_from(SPEECH.words), offset=st.integers(0, 3999), change=st.integers(1, 9))
def test_one_changed_sample_takes_its_word(word: CodedWord, offset: int, change: int) -> None:
    samples = np.frombuffer(SPEECH.pcm, dtype="<i2").copy()
    at = word.start + offset % (word.end - word.start)
    samples[at] += change if samples[at] < 0 else -change
    expected = [other.number for other in SPEECH.words if other != word]
    assert [other.number for other in decoded(samples.tobytes())] == expected


@given(number=st.integers(0, WORD_COUNT - 1))
def test_every_number_has_a_word(number: int) -> None:
    wave = word_wave(number)
    assert [word.number for word in decoded(wave.astype("<i2").tobytes())] == [number]
    assert 0.25 * SAMPLE_RATE <= len(wave) <= 0.41 * SAMPLE_RATE
    assert not np.any(wave == 0)


def test_a_word_is_loud_enough_to_be_speech() -> None:
    assert measure_level(word_wave(17).tobytes()).rms_dbfs > -20


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="middle of a sample"):
        CodeDecoder().feed(b"\0\0\0")


def test_a_word_in_progress_is_known_by_its_begin() -> None:
    decoder = CodeDecoder()
    first = SPEECH.words[0]
    decoder.feed(SPEECH.cut(0, first.start))
    assert decoder.pending_start is None
    assert decoder.sound_until == 0
    decoder.feed(SPEECH.cut(first.start, first.start + 500))
    assert decoder.pending_start == first.start
    assert decoder.sound_until == first.start + 500
    decoder.feed(bytes(200))
    assert decoder.pending_start is None, "a torn word is no word"
    assert decoder.sound_until == first.start + 500


def test_speech_is_the_same_for_the_same_seed_and_tells_its_places() -> None:
    assert speak(6, seed=3) == SPEECH
    assert speak(6, seed=4) != SPEECH
    assert SPEECH.samples >= 6 * SAMPLE_RATE
    for before, after in pairwise(SPEECH.words):
        assert before.end < after.start
    word = SPEECH.utterances[1][0]
    assert word.start < SPEECH.middle_of(1, 0) < word.end
    pause = SPEECH.pause_after(0)
    assert SPEECH.utterances[0][-1].end < pause < word.start
    assert not any(SPEECH.cut(SPEECH.utterances[0][-1].end, word.start))
