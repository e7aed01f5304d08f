"""The microphone's words wait until it is known whether they are an echo, and no longer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.asr.events import Heard
from captioner.core.hypothesis import Hypothesis, Word
from captioner.session.echo import EchoCount, MicrophoneSide, SystemSide

TIMES = "It was the best of times, it was the worst of times."
SPEECH = TIMES.split()
OWN = ["zebra", "mango", "pixel", "jumbo", "fjord", "quiz", "yacht", "vodka"]
PACE_MS = 300


def news(text: str, until_ms: int, *, is_final: bool = False, timed: bool = False) -> Heard:
    tokens = text.split()
    begin_ms = until_ms - PACE_MS * len(tokens)
    words = tuple(
        Word(token, begin_ms + PACE_MS * place, begin_ms + PACE_MS * (place + 1))
        for place, token in enumerate(tokens)
    )
    said = Hypothesis(
        text, is_final=is_final, audio_processed_s=until_ms / 1000, words=words if timed else ()
    )
    return Heard(said, processing_ms=100.0)


class Talk:
    """Both sides, and the time."""

    def __init__(self) -> None:
        self.count = EchoCount()
        self.system = SystemSide()
        self.microphone = MicrophoneSide(self.system, self.count)
        self.now = 100.0
        self.shown: list[Heard] = []

    def plays(self, until_ms: int, *, done_ms: int = 0) -> None:
        self.system.sound(until_ms, is_loud=True, done_ms=done_ms)

    def others(self, text: str, until_ms: int, *, is_final: bool = False) -> None:
        said = news(text, until_ms, is_final=is_final, timed=is_final)
        assert self.system.heard(said, now=self.now) == [said]

    def you(self, text: str, until_ms: int, *, is_final: bool = False) -> None:
        said = news(text, until_ms, is_final=is_final, timed=is_final)
        self.shown += self.microphone.heard(said, now=self.now)

    def waits(self, seconds: float) -> None:
        self.now += seconds
        self.shown += self.microphone.due(now=self.now)

    @property
    def texts(self) -> list[str]:
        return [heard.hypothesis.text for heard in self.shown]

    @property
    def finals(self) -> list[str]:
        return [heard.hypothesis.text for heard in self.shown if heard.hypothesis.is_final]


@pytest.fixture
def talk() -> Talk:
    return Talk()


def test_where_nothing_plays_nothing_waits(talk: Talk) -> None:
    said = news("I am alone", 2_000)
    assert talk.microphone.heard(said, now=1.0) == [said]
    final = news("I am alone.", 2_000, is_final=True, timed=True)
    assert talk.microphone.heard(final, now=1.1) == [final]
    assert talk.count == EchoCount()


def test_an_echo_is_never_shown_though_the_others_are_read_later(talk: Talk) -> None:
    talk.plays(5_000)
    talk.you("It was the", 2_000)
    talk.you("It was the best of", 2_600)
    talk.waits(0.5)
    talk.others("It was the", 2_000)
    talk.waits(0.2)
    talk.others("It was the best of times", 2_900)
    talk.waits(0.2)
    talk.you("It was the best of times", 2_900)
    talk.you("It was the best of times.", 2_900, is_final=True)
    talk.waits(0.2)
    talk.others("It was the best of times.", 2_900, is_final=True)
    talk.waits(0.2)
    assert [text for text in talk.texts if text] == []
    assert talk.finals == [""]
    assert talk.count == EchoCount(words=6, utterances=1)


def test_an_echo_is_none_the_less_one_where_the_others_are_read_late(talk: Talk) -> None:
    talk.others("It was the worst", 1_200)
    talk.plays(2_000)
    talk.you("It was the worst.", 1_350, is_final=True)
    talk.you("of times.", 2_000)
    talk.plays(3_000)
    talk.others("It was the worst of times.", 2_900)
    talk.waits(2.0)
    assert [text for text in talk.texts if text] == []


def test_what_is_said_over_it_is_shown_at_once_when_the_others_are_read(talk: Talk) -> None:
    talk.plays(5_000)
    talk.others("It was the best of times", 2_900)
    talk.you("It was the best of times I disagree", 2_900)
    assert talk.texts == ["I disagree"]
    talk.you("It was the best of times. I disagree.", 3_000, is_final=True)
    talk.others("It was the best of times.", 3_000, is_final=True)
    talk.waits(0.2)
    assert talk.finals == ["I disagree."]
    last = talk.shown[-1]
    assert [word.text for word in last.hypothesis.words] == ["I", "disagree."]
    assert last.processing_ms == pytest.approx(300)
    assert talk.count == EchoCount(words=6, utterances=0)


def test_own_words_wait_only_for_what_was_said_before_them(talk: Talk) -> None:
    talk.plays(5_000)
    talk.others("It was the best of times", 2_900)
    talk.you("Let me say", 3_100)
    assert [text for text in talk.texts if text] == []
    talk.others("It was the best of times, it was", 3_200)
    talk.waits(0.2)
    assert talk.texts[-1] == "Let me say"


def test_a_recogniser_that_stands_still_is_not_waited_for_for_ever(talk: Talk) -> None:
    talk.plays(9_000)
    talk.you("Let me say something", 3_000)
    talk.you("Let me say something.", 3_000, is_final=True)
    talk.waits(4.9)
    assert [text for text in talk.texts if text] == []
    talk.waits(0.2)
    assert talk.finals == ["Let me say something."]


def test_partials_are_not_held_back_for_ever_either(talk: Talk) -> None:
    talk.plays(9_000)
    talk.you("Let me say something", 3_000)
    talk.waits(4.9)
    assert talk.texts == []
    talk.waits(0.2)
    assert talk.texts == ["Let me say something"]


def test_music_holds_nothing_up(talk: Talk) -> None:
    """The others' recogniser works it through and says nothing."""
    talk.plays(5_000, done_ms=4_000)
    talk.you("Let me say something", 3_000)
    talk.you("Let me say something.", 3_000, is_final=True)
    assert talk.finals == ["Let me say something."]


def test_what_the_others_recogniser_has_not_even_been_given_is_waited_for(talk: Talk) -> None:
    talk.plays(1_000, done_ms=1_000)
    talk.you("It was at", 2_000)
    assert [text for text in talk.texts if text] == []
    talk.plays(2_000)
    talk.others("It was the", 2_000)
    talk.waits(0.2)
    assert [text for text in talk.texts if text] == []


def test_an_output_that_is_away_is_not_waited_for(talk: Talk) -> None:
    talk.plays(1_000, done_ms=1_000)
    talk.system.silence()
    talk.you("Let me say something", 3_000)
    assert talk.texts == ["Let me say something"]


def test_finals_come_before_what_follows_them(talk: Talk) -> None:
    talk.plays(9_000)
    talk.others("It was the best", 2_000)
    talk.you("Let me say something.", 3_000, is_final=True)
    talk.you("And more words", 4_000)
    assert [text for text in talk.texts if text] == []
    talk.others("It was the best of times.", 4_500, is_final=True)
    talk.waits(0.2)
    assert talk.texts == ["Let me say something.", "And more words"]


def test_the_end_decides_with_what_is_known(talk: Talk) -> None:
    talk.plays(9_000)
    talk.you("Let me say something.", 3_000, is_final=True)
    talk.you("And more", 4_000)
    assert talk.microphone.is_waiting
    talk.shown += talk.microphone.flush(now=talk.now)
    assert talk.texts == ["Let me say something.", "And more"]
    assert not talk.microphone.is_waiting


def test_stable_characters_are_those_of_the_words_that_are_left(talk: Talk) -> None:
    talk.plays(5_000)
    talk.others("It was the best of times", 2_900)
    text = "It was the best I disagree entirely"
    said = Heard(
        Hypothesis(text, audio_processed_s=2.9, stable_chars=len("It was the best I disagree")), 0.0
    )
    (shown,) = talk.microphone.heard(said, now=1.0)
    assert shown.hypothesis.text == "I disagree entirely"
    assert shown.hypothesis.stable_chars == len("I disagree")


@given(
    st.lists(st.tuples(st.booleans(), st.integers(2, 6)), min_size=1, max_size=8),
    st.lists(st.integers(0, 1_500), min_size=1, max_size=8),
)
def test_own_words_come_through_whatever_is_played(
    turns: list[tuple[bool, int]], delays_ms: list[int]
) -> None:
    """Utterances of the others, each heard again, and own ones, in any order."""
    talk = Talk()
    until_ms = 5_000
    expected = []
    for number, (is_own, count) in enumerate(turns):
        until_ms += 4_000
        talk.now += 4.0
        if is_own:
            text = " ".join(OWN[(number + place) % len(OWN)] for place in range(count))
            expected.append(text)
            talk.you(text, until_ms)
            talk.you(text, until_ms, is_final=True)
        else:
            text = " ".join(SPEECH[: count + 1])
            talk.plays(until_ms)
            later_ms = until_ms + delays_ms[number % len(delays_ms)]
            talk.you(text, later_ms)
            talk.others(text, until_ms)
            talk.you(text, later_ms, is_final=True)
            talk.others(text, until_ms, is_final=True)
        talk.waits(0.2)
    talk.waits(6)
    assert [text for text in talk.finals if text] == expected
    assert set(talk.texts) <= {"", *expected}


def test_the_others_themselves_never_wait() -> None:
    system, said = SystemSide(), news("anything", 1_000)
    assert system.heard(said, now=0.0) == [said]
    assert system.due(now=0.0) == system.flush(now=0.0) == []
    assert not system.is_waiting
