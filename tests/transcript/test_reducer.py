"""The reducer's promises, as properties over any order of hypotheses, promotions and restarts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from captioner.core.hypothesis import Hypothesis, Word
from captioner.core.segment import Segment
from captioner.transcript.reducer import TranscriptReducer

CHANNELS = st.sampled_from(["", "You", "Others"])
TEXTS = st.lists(st.sampled_from(["we", "hold", "these", "truths", "-", "25"]), max_size=6).map(
    " ".join
)


def timed(text: str, start_ms: int, *, word_ms: int = 300) -> tuple[Word, ...]:
    """Return the words of ``text``, one after the other from ``start_ms`` on."""
    return tuple(
        Word(token, start_ms + word_ms * place, start_ms + word_ms * (place + 1))
        for place, token in enumerate(text.split())
    )


class ReducerMachine(RuleBasedStateMachine):
    """Keeps everything that was given out, and compares it with what was promised."""

    def __init__(self) -> None:
        super().__init__()
        self.reducer = TranscriptReducer()
        self.newest: dict[int, Segment] = {}
        self.heard_s = 0.0

    @rule(
        text=TEXTS,
        is_final=st.booleans(),
        channel=CHANNELS,
        seconds=st.floats(0, 3),
        has_words=st.booleans(),
    )
    def hypothesis(
        self, text: str, *, is_final: bool, channel: str, seconds: float, has_words: bool
    ) -> None:
        before = self.reducer.open_segment(channel)
        words = timed(text, round(1000 * self.heard_s)) if has_words else ()
        self.heard_s += seconds
        hypothesis = Hypothesis(
            text, is_final=is_final, words=words, audio_processed_s=self.heard_s
        )
        segment = self.reducer.apply(hypothesis, channel)
        if segment is None:
            assert self.reducer.open_segment(channel) == before
        else:
            self.take(segment, channel, before)
            assert segment.is_final is is_final, "only a final hypothesis closes"
            assert hypothesis.text.endswith(segment.text)

    @rule(channel=CHANNELS)
    def promote(self, channel: str) -> None:
        before = self.reducer.open_segment(channel)
        segment = self.reducer.promote(channel)
        assert (segment is None) == (before is None)
        if segment is not None and before is not None:
            self.take(segment, channel, before)
            assert segment.is_final
            assert segment.promoted
            assert segment.text == before.text

    @rule(channel=CHANNELS)
    def new_stream(self, channel: str) -> None:
        before = self.reducer.open_segment(channel)
        self.reducer.new_stream(channel)
        assert self.reducer.open_segment(channel) == before

    def take(self, segment: Segment, channel: str, before: Segment | None) -> None:
        """Check one step from ``before`` to ``segment``."""
        known = self.newest.get(segment.id)
        assert segment.channel == channel
        assert segment.start_ms <= segment.end_ms
        if before is None:
            assert known is None, "ids are not used again"
            assert segment.id == len(self.newest), "ids rise by one"
            assert segment.revision == 0
            assert segment.text
        else:
            assert known == before
            assert segment.id == before.id
            assert segment.revision == before.revision + 1
            assert not before.is_final, "a final never changes"
        self.newest[segment.id] = segment
        still_open = [
            each for each in self.newest.values() if each.channel == channel and not each.is_final
        ]
        assert len(still_open) <= 1, "one open segment a channel"
        assert self.reducer.open_segment(channel) == (still_open[0] if still_open else None)
        assert self.reducer.committed_ms(channel) == max(
            (e.end_ms for e in self.newest.values() if e.channel == channel and e.is_final),
            default=0,
        )


ReducerMachine.TestCase.settings = settings(
    max_examples=100, stateful_step_count=25, derandomize=True, deadline=None
)
TestReducer = ReducerMachine.TestCase


def say(reducer: TranscriptReducer, *texts: str, at_s: float = 1.0) -> list[Segment | None]:
    return [reducer.apply(Hypothesis(text, audio_processed_s=at_s)) for text in texts]


def end(reducer: TranscriptReducer, text: str, at_s: float = 1.0) -> Segment | None:
    return reducer.apply(Hypothesis(text, is_final=True, audio_processed_s=at_s))


def test_a_repeated_partial_is_no_news_and_an_empty_one_neither() -> None:
    reducer = TranscriptReducer()
    first, again, empty = say(reducer, "hello", "hello", "")
    assert first is not None
    assert again is None
    assert empty is None
    assert reducer.open_segment() == first


def test_an_empty_final_takes_a_partial_back_and_is_nothing_without_one() -> None:
    reducer = TranscriptReducer()
    assert end(reducer, "") is None
    say(reducer, "um")
    closed = end(reducer, "")
    assert closed is not None
    assert (closed.id, closed.text, closed.is_final) == (0, "", True)
    (following,) = say(reducer, "well")
    assert following is not None
    assert following.id == 1


def test_a_server_that_only_sends_cumulative_interims_repeats_no_word() -> None:
    """Each pause promotes what is there; the server goes on with the same utterance for ever."""
    reducer = TranscriptReducer()
    words = [f"word{number}" for number in range(40)]
    finals: list[str] = []
    for count in range(1, 41):
        reducer.apply(Hypothesis(" ".join(words[:count]), audio_processed_s=count / 2))
        if count % 7 == 0:
            promoted = reducer.promote()
            assert promoted is not None
            finals.append(promoted.text)
            say(reducer, " ".join(words[:count]), " ".join(words[: count - 2]))
            assert reducer.open_segment() is None
    last = reducer.promote()
    assert last is not None
    finals.append(last.text)
    assert " ".join(finals).split() == words
    assert len(finals) == 6


@pytest.mark.parametrize(
    ("promoted", "said", "new"),
    [
        ("we hold these", "We hold these.", None),
        ("we hold these", "We hold these truths.", "truths."),
        ("we hold these", "We hold this truth", "truth"),
        ("we hold these", "we hold", None),
        ("well - we hold", "Well — we hold these — truths", "these — truths"),
        ("well we hold", "Well, - we hold on", "on"),
        ("we hold these", "self evident", "self evident"),
        ("we hold these", "now we hold these truths", "now we hold these truths"),
        ("-", "we hold", "we hold"),
    ],
)
def test_what_follows_a_promotion(promoted: str, said: str, new: str | None) -> None:
    for is_final in (False, True):
        reducer = TranscriptReducer()
        say(reducer, promoted)
        reducer.promote()
        segment = reducer.apply(Hypothesis(said, is_final=is_final, audio_processed_s=2.0))
        assert (None if segment is None else segment.text) == new


def test_the_words_of_what_follows_a_promotion_keep_their_times() -> None:
    reducer = TranscriptReducer()
    say(reducer, "we hold - these")
    reducer.promote()
    text = "We hold - these - truths here."
    segment = reducer.apply(
        Hypothesis(text, is_final=True, words=timed(text, 0), audio_processed_s=3.0)
    )
    assert segment is not None
    assert segment.text == "truths here."
    assert [word.text for word in segment.words] == ["truths", "here."]
    assert (segment.start_ms, segment.end_ms) == (1500, 2100)


def test_a_final_after_a_promotion_lets_the_next_utterance_repeat_it() -> None:
    reducer = TranscriptReducer()
    say(reducer, "yes")
    reducer.promote()
    assert end(reducer, "Yes.") is None
    (again,) = say(reducer, "yes")
    assert again is not None
    assert again.text == "yes"


def test_a_new_stream_may_repeat_what_was_promoted() -> None:
    reducer = TranscriptReducer()
    say(reducer, "yes")
    reducer.promote()
    reducer.new_stream()
    (again,) = say(reducer, "yes")
    assert again is not None


def test_times_without_word_times_are_estimated_and_never_overlap() -> None:
    reducer = TranscriptReducer()
    (first,) = say(reducer, "one two three four", at_s=2.0)
    assert first is not None
    assert (first.start_ms, first.end_ms) == (600, 2000)
    closed = end(reducer, "one two three four five", at_s=3.0)
    assert closed is not None
    assert (closed.start_ms, closed.end_ms) == (600, 3000)
    (second,) = say(reducer, "a b c d e f", at_s=3.5)
    assert second is not None
    assert (second.start_ms, second.end_ms) == (3000, 3500)


def test_word_times_win_over_estimates() -> None:
    reducer = TranscriptReducer()
    say(reducer, "two words", at_s=5.0)
    segment = reducer.apply(
        Hypothesis("Two words.", is_final=True, words=timed("Two words.", 4000))
    )
    assert segment is not None
    assert (segment.start_ms, segment.end_ms) == (4000, 4600)
    assert reducer.committed_ms() == 4600


@settings(derandomize=True)
@given(st.lists(st.tuples(TEXTS, st.booleans()), max_size=30))
def test_without_promotions_the_finals_are_the_transcript(said: list[tuple[str, bool]]) -> None:
    reducer = TranscriptReducer()
    finals = []
    for text, is_final in said:
        segment = reducer.apply(Hypothesis(text, is_final=is_final))
        if segment is not None and segment.is_final:
            finals.append(segment.text)
    expected = [text for text, is_final in said if is_final]
    assert [text for text in finals if text] == [text for text in expected if text]


def test_processing_time_and_confidence_are_handed_on() -> None:
    reducer = TranscriptReducer()
    segment = reducer.apply(
        Hypothesis("x", is_final=True, confidence=-0.5), "You", processing_ms=120.0
    )
    assert segment is not None
    assert (segment.confidence, segment.processing_ms) == (-0.5, 120.0)
