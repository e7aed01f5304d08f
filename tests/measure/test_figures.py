"""What is made of many values, texts and answers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.measure.accuracy import accuracy, normalised
from captioner.measure.chunk_latency import ChunkLatencies, ChunkTap
from captioner.measure.result import Pairing
from captioner.measure.statistics import Samples, percentile, summary
from tests.support.clock import ManualClock

CHUNK = 2560


@given(
    st.lists(st.floats(0, 1e6).map(lambda value: round(value, 3)), min_size=1),
    st.sampled_from([50, 90, 95, 99, 100]),
)
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(
    values: list[float], percent: int
) -> None:
    found = percentile(values, percent)
    assert found in values
    needed = math.ceil(percent * len(values) / 100)
    assert sum(value <= found for value in values) >= needed
    assert sum(value < found for value in values) < needed


def test_nothing_measured_is_told_as_nothing() -> None:
    assert percentile([], 95) is None
    assert summary([]) is None
    assert accuracy([]) is None
    assert accuracy([(" ... ", "word")]) is None


def test_values_are_found_by_when_they_came() -> None:
    samples = Samples()
    for at in range(10):
        samples.add(at, 10.0 * at)
    assert samples.between(2, 4).tolist() == [20, 30]
    assert samples.newest(2).tolist() == [80, 90]
    assert len(samples) == 10


def test_texts_are_compared_as_they_are_spoken() -> None:
    said = normalised("\u2019Tis the well\u2010known \u201cKing\u2019s\u201d speech \u2014 really!")
    assert said == "tis the well known king's speech really"
    found = accuracy([("One two, three four.", "one too three four five"), ("Six", "")])
    assert found is not None
    assert (found.words, found.substitutions, found.insertions, found.deletions) == (5, 1, 1, 1)
    assert found.wer == pytest.approx(3 / 5)


def _tap() -> tuple[ChunkTap, ChunkLatencies, ManualClock]:
    clock, found = ManualClock(), ChunkLatencies()
    tap = ChunkTap(found, clock)
    tap.opened()
    return tap, found, clock


def test_one_answer_a_chunk_is_matched_by_number() -> None:
    tap, found, clock = _tap()
    for number in range(1, 4):
        tap.sent(number * CHUNK)
        clock.jump(0.02 * number)
        tap.answered(0.0)
    tap.answered(0.48)  # the last words, after the end of the audio
    tap.ended()
    assert found.pairing is Pairing.COUNT
    assert found.samples.between().tolist() == pytest.approx([20, 40, 60])


def test_fewer_answers_are_matched_by_what_they_cover() -> None:
    tap, found, clock = _tap()
    for number in range(1, 5):
        tap.sent(number * CHUNK)
    clock.jump(0.05)
    tap.answered(0.32)
    clock.jump(0.05)
    tap.answered(0.3201)  # the same chunk once more, told with a rounding error
    tap.answered(0.64)
    tap.answered(0.0)
    tap.ended()
    assert found.is_one_each  # as many answers as chunks, whatever they say
    tap.opened()
    tap.sent(CHUNK)
    tap.ended()
    assert found.pairing is Pairing.PROCESSED
    assert found.samples.between().tolist() == pytest.approx([50, 100])


def test_answers_before_their_chunk_are_not_one_each() -> None:
    tap, found, _ = _tap()
    tap.sent(CHUNK)
    for _ in range(3):
        tap.answered(0.16)
    assert found.pairing is Pairing.PROCESSED
