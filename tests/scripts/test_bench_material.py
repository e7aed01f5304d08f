"""What the benchmark of hard conditions plays: made as it says, and the same each time."""

from __future__ import annotations

import numpy as np
import pytest

from captioner.core.audio import SAMPLE_RATE
from captioner.engine.native import Decoder
from scripts.benchmarks import sounds
from scripts.benchmarks.material import CONDITIONS, SPEECHLESS, loops, recording, spoken
from scripts.benchmarks.speech import samples
from tests.support.clips import normalised


@pytest.mark.parametrize("ratio_db", [15.0, 5.0])
def test_noise_lies_as_far_below_the_speech_as_it_says(ratio_db: float) -> None:
    speech = (np.sin(np.arange(SAMPLE_RATE) / 5) / 4).astype(np.float32)
    laid = sounds.mixed(speech, sounds.white(SAMPLE_RATE), ratio_db) - speech
    assert 20 * np.log10(np.std(speech) / np.std(laid)) == pytest.approx(ratio_db, abs=0.5)


def test_pauses_do_not_count_as_speech_and_soft_sounds_in_it_do() -> None:
    speech = (np.sin(np.arange(SAMPLE_RATE) / 5) / 4).astype(np.float32)
    paused = np.concatenate([speech, np.zeros(3 * SAMPLE_RATE, dtype=np.float32)])
    laid = sounds.mixed(paused, sounds.white(len(paused)), 15.0) - paused
    assert 20 * np.log10(np.std(speech) / np.std(laid)) == pytest.approx(15.0, abs=0.5)


def test_sounds_are_the_same_each_time_and_none_is_cut_off() -> None:
    for make in (sounds.white, sounds.pink, sounds.hum, sounds.music, sounds.typing):
        made = make(3 * SAMPLE_RATE)
        assert np.array_equal(made, make(3 * SAMPLE_RATE))
        assert np.mean(np.abs(made) >= 1.0) < 0.001


def test_a_room_goes_on_after_the_voice_and_is_no_louder() -> None:
    voice = np.zeros(SAMPLE_RATE, dtype=np.float32)
    voice[: SAMPLE_RATE // 2] = sounds.white(SAMPLE_RATE // 2)
    heard = sounds.in_a_room(voice)
    after = heard[SAMPLE_RATE // 2 + 1 :]
    assert np.std(after[: SAMPLE_RATE // 20]) > 10 * np.std(after[-SAMPLE_RATE // 20 :]) > 0
    assert np.std(heard) == pytest.approx(np.std(voice), rel=0.01)


def test_every_condition_has_sound_and_words() -> None:
    for condition in CONDITIONS:
        found = recording(condition)
        words = len(normalised(found.text).split())
        assert 0.2 < words / (len(samples(found.path)) / SAMPLE_RATE) < 5.0
    quiet = [recording(name) for name in SPEECHLESS]
    assert {each.text for each in quiet} == {""}
    assert sum(len(samples(each.path)) for each in quiet) == 600 * SAMPLE_RATE


def test_a_loop_is_a_phrase_four_times_on_end() -> None:
    assert loops("no no no it was the best of times") == []
    assert loops("well, go on. Go on, go on go on then") == ["go on"]


def test_the_end_of_what_is_said_in_haste_is_read() -> None:
    """Six words a second are more tokens than the library lets a second have by itself."""
    text = (
        "Then let us write down why, so that nobody has to ask again next year. "
        "I will send you a new version before lunch on Thursday."
    )
    decoder = Decoder()
    read = decoder.decode(spoken(text, "en-us+m3", 300))
    decoder.close()
    assert "before" in normalised(read).split()[:-1], read
