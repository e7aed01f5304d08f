"""What the microphone repeats of the others is found; what its speaker says never is."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.core.spelling import bare
from captioner.transcript.echo import TimedWord, find_echo
from tests.support.clips import TWO_CITIES

PACE_MS = 350
SPEECH = [bare(word) for word in TWO_CITIES.text.split()]
OWN = ["zebra", "mango", "pixel", "jumbo", "fjord", "quiz", "yacht", "vodka"]
"""Nothing that reads like a word of the speech."""


def timed(text: str, begin_ms: int = 10_000) -> list[TimedWord]:
    return [
        TimedWord(bare(word), begin_ms + PACE_MS * place) for place, word in enumerate(text.split())
    ]


def own(mine: list[TimedWord], theirs: list[TimedWord], *, is_growing: bool = False) -> str:
    """Return what is left of the microphone's words."""
    is_echo = find_echo(mine, theirs, is_growing=is_growing)
    return " ".join(word.text for word, echo in zip(mine, is_echo, strict=True) if not echo)


@st.composite
def speeches(draw: st.DrawFn, fewest: int = 3) -> list[TimedWord]:
    """Return a stretch of the speech, said at some moment."""
    begin = draw(st.integers(0, len(SPEECH) - 12))
    count = draw(st.integers(fewest, 12))
    return timed(" ".join(SPEECH[begin : begin + count]), draw(st.integers(5_000, 60_000)))


def later(words: list[TimedWord], delay_ms: int) -> list[TimedWord]:
    return [TimedWord(word.text, word.at_ms + delay_ms) for word in words]


@given(speeches(), st.integers(-500, 2_000))
def test_an_echo_leaves_nothing(theirs: list[TimedWord], delay_ms: int) -> None:
    assert own(later(theirs, delay_ms), theirs) == ""


@given(speeches(), st.integers(-500, 2_000))
def test_a_growing_echo_never_flashes(theirs: list[TimedWord], delay_ms: int) -> None:
    mine = later(theirs, delay_ms)
    for count in range(1, len(mine) + 1):
        assert own(mine[:count], theirs, is_growing=True) == ""


@given(speeches(fewest=8), st.integers(0, 1_500), st.data())
def test_an_echo_may_differ_by_a_few_words(
    theirs: list[TimedWord], delay_ms: int, data: st.DataObject
) -> None:
    mine = later(theirs, delay_ms)
    # One in four at most, each between words that were heard right.
    places = data.draw(st.sets(st.integers(1, len(mine) - 2), max_size=len(mine) // 4))
    apart = [place for place, after in pairwise([*sorted(places), 99]) if after - place > 1]
    for place in apart:
        mine[place] = TimedWord(data.draw(st.sampled_from(OWN)), mine[place].at_ms)
    left_out = data.draw(st.sampled_from([-1, *range(1, len(mine) - 1)]))
    if left_out > 0 and not {left_out - 1, left_out, left_out + 1} & set(apart):
        del mine[left_out]
    assert own(mine, theirs) == ""


@given(speeches(), st.integers(0, 2_000), st.data())
def test_what_is_said_over_an_echo_is_kept(
    theirs: list[TimedWord], delay_ms: int, data: st.DataObject
) -> None:
    mine = later(theirs, delay_ms)
    said = data.draw(st.lists(st.sampled_from(OWN), min_size=2, max_size=6))
    place = data.draw(st.integers(0, len(mine)))
    # So that there is an echo on either side, or none.
    place = place if min(place, len(mine) - place) >= 3 else 0
    at_ms = mine[min(place, len(mine) - 1)].at_ms
    mine[place:place] = [TimedWord(word, at_ms) for word in said]
    assert own(mine, theirs) == " ".join(said)


@given(speeches(fewest=10), st.integers(0, 1_500), st.data())
def test_what_is_said_in_the_place_of_an_echo_is_kept(
    theirs: list[TimedWord], delay_ms: int, data: st.DataObject
) -> None:
    mine = later(theirs, delay_ms)
    said = data.draw(st.lists(st.sampled_from(OWN), min_size=2, max_size=3))
    place = data.draw(st.integers(3, len(mine) - 3 - len(said)))
    for offset, word in enumerate(said):
        mine[place + offset] = TimedWord(word, mine[place + offset].at_ms)
    assert own(mine, theirs) == " ".join(said)


@given(speeches(), st.integers(2_001, 60_000))
def test_what_is_said_later_is_kept(theirs: list[TimedWord], delay_ms: int) -> None:
    # A word that is said again may be near enough the second time.
    alone = list({word.text: word for word in theirs}.values())
    mine = later(alone, delay_ms)
    assert own(mine, alone) == " ".join(word.text for word in mine)


@given(speeches(), st.lists(st.sampled_from(OWN), min_size=1, max_size=12), st.data())
def test_one_word_in_common_is_a_coincidence(
    theirs: list[TimedWord], said: list[str], data: st.DataObject
) -> None:
    shared = data.draw(st.sampled_from(theirs))
    place = data.draw(st.integers(0, len(said)))
    words = [*said[:place], shared.text, *said[place:]]
    mine = [
        TimedWord(word, shared.at_ms + PACE_MS * (index - place))
        for index, word in enumerate(words)
    ]
    assert own(mine, theirs) == " ".join(words)


@pytest.mark.parametrize(
    ("mine", "theirs", "delay_ms", "left"),
    [
        ("yes", "yes", 100, "yes"),
        ("thank you", "thank you", 1_500, "thank you"),
        ("thank you", "thank you", 100, ""),
        ("it was the first of times", "It was the worst of times", 200, ""),
        ("it was the best of thymes", "It was the best of times", 200, ""),
        ("it was the best of times I disagree", "It was the best of times", 200, "i disagree"),
        ("it was the best it was the best of", "it was the best of times", 100, ""),
        ("it was the best of thunder", "it was the best of times", 100, ""),
        ("it was the best of the thunder", "it was the best of times", 100, ""),
        ("it was were the best of times", "it was the best of times", 100, ""),
        ("it was no the best of times", "it was the best of times", 200, "no"),
        ("no it was the best of times", "it was the best of times", 0, "no"),
        ("how are you", "fine how are you", 2_500, "how are you"),
        ("a tale of to cities", "a tale of two cities", 300, ""),
        ("the age of fool ishness was", "the age of foolishness was", 300, ""),
    ],
)
def test_examples(mine: str, theirs: str, delay_ms: int, left: str) -> None:
    assert own(later(timed(mine), delay_ms), timed(theirs)) == left


def test_nobody_else_spoke() -> None:
    assert find_echo(timed("it was the best of times"), []) == [False] * 6
    assert find_echo([], timed("it was")) == []
