"""Words that are written otherwise than they were heard, and what that leaves as it is."""

from __future__ import annotations

import timeit
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captioner.core.hypothesis import Hypothesis, Word
from captioner.core.stability import StabilityMode
from captioner.session.captions import CaptionTrack
from captioner.transcript.reducer import TranscriptReducer
from captioner.transcript.replacements import Replacements

RULES = Replacements(
    [
        ("kubernetis", "Kubernetes"),
        ("new york", "NYC"),
        ("new york city", "the City"),
        ("united states of america", "USA"),
        ("um", ""),
        ("jon", "John"),
        ("npm", "node package manager"),
        ("dr.", "Doctor"),
        ("c++", "C plus plus"),
        ("हिंदी", "Hindi"),
    ]
)


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("We use kubernetis, and", "We use Kubernetes, and"),
        ("KUBERNETIS!", "Kubernetes!"),
        ('"Kubernetis" (kubernetis)', '"Kubernetes" (Kubernetes)'),
        ("kubernetises", "kubernetises"),
        ("in new york.", "in NYC."),
        ("in New York City, they", "in the City, they"),
        ("that is new. York is old", "that is new. York is old"),
        ("new yorker", "new yorker"),
        ("Jon's and jon\u2019s", "John's and John's"),
        ("run npm, now", "run node package manager, now"),
        ("um", ""),
        ("Um, we go", "We go"),
        ("Go. Um, um, iPhone it is. “Um, so”", "Go. iPhone it is. “So”"),
        ("so Um, we go", "so we go"),
        ("we go, um. Then", "we go. Then"),
        ('he said "um yes"', 'he said "yes"'),
        ("um, um, um", ""),
        ("see dr. Who and Dr Who", "see Doctor Who and Doctor Who"),
        ("c and c++.", "c and C plus plus."),
        ("हिंदी।", "Hindi।"),
        ("new new york", "new NYC"),
        ("", ""),
    ],
)
def test_whole_words_are_written_otherwise_and_the_punctuation_stays(
    heard: str, written: str
) -> None:
    assert RULES.read(heard).text == written


def test_the_first_of_two_rules_for_the_same_words_counts_and_nothing_is_replaced_twice() -> None:
    assert Replacements([("a", "b"), ("A", "c"), ("b", "d")]).read("a b").text == "b d"


def test_without_rules_nothing_changes() -> None:
    words = (Word("so", 0, 100),)
    assert Replacements().read("so  it is").text == "so  it is"
    assert Replacements().words(words) is words


def test_words_keep_their_times() -> None:
    words = (Word("in", 0, 100, 0.9), Word("New", 200, 400, 0.8), Word("York,", 400, 800, 0.6))
    assert RULES.words(words) == (Word("in", 0, 100, 0.9), Word("NYC,", 200, 800, 0.6))
    spread = RULES.words((Word("npm.", 1000, 2000, 0.5),))
    assert [word.text for word in spread] == ["node", "package", "manager."]
    assert spread[0].start_ms == 1000
    assert spread[-1].end_ms == 2000
    assert all(a.end_ms == b.start_ms for a, b in pairwise(spread))


def test_what_is_stable_is_counted_in_what_is_written() -> None:
    reading = RULES.read("in new york npm")
    assert reading.stable_chars(len("in new")) == len("in"), "the rule reaches over the border"
    assert reading.stable_chars(len("in new york")) == len("in NYC")
    assert reading.stable_chars(len("in new york npm")) == len(reading.text)


@pytest.mark.parametrize("mode", [StabilityMode.BALANCED, StabilityMode.STEADY])
def test_the_beginning_of_a_rule_is_not_shown_before_it_is_decided(mode: StabilityMode) -> None:
    track = CaptionTrack(TranscriptReducer(), mode, replacements=RULES)
    said = ["in", "the", "united", "states", "of", "america", "it", "is"]
    shown = []
    for count in range(1, len(said) + 1):
        text = " ".join(said[:count])
        for _ in range(2):
            change = track.heard(
                Hypothesis(text, stable_chars=len(text)), processing_ms=0.0, now=0.0
            )
            shown += [change.shown] if change is not None else []
    assert shown[-1] == "in the USA it is"
    assert "in the united" not in " ".join(shown)
    track.heard(Hypothesis(" ".join(said), is_final=True), processing_ms=0.0, now=0.0)
    assert track.erasure.deleted_tokens == 0


def test_a_promoted_beginning_is_not_said_again_however_it_was_written() -> None:
    track = CaptionTrack(TranscriptReducer(), StabilityMode.RESPONSIVE, replacements=RULES)
    track.heard(Hypothesis("we went to new york city"), processing_ms=0.0, now=0.0)
    promoted = track.promote()
    assert promoted is not None
    assert promoted.shown == "we went to the City"
    assert track.said == "we went to new york city", "what the recogniser would repeat"
    change = track.heard(
        Hypothesis("we went to new york city by train"), processing_ms=0.0, now=0.0
    )
    assert change is not None
    assert change.shown == "by train"


def test_a_caption_of_nothing_but_left_out_words_does_not_exist() -> None:
    track = CaptionTrack(TranscriptReducer(), StabilityMode.RESPONSIVE, replacements=RULES)
    for is_final in (False, True):
        um = Hypothesis("um", is_final=is_final)
        assert track.heard(um, processing_ms=0.0, now=0.0) is None
    change = track.heard(Hypothesis("yes", is_final=True), processing_ms=0.0, now=0.0)
    assert change is not None
    assert change.segment.id == 0


VOCABULARY = ["a", "b", "c", "A,", "b.", '"c', "d's"]
TEXTS = st.lists(st.sampled_from(VOCABULARY), max_size=12)
PAIRS = st.lists(
    st.tuples(
        st.lists(st.sampled_from("abcd"), min_size=1, max_size=3).map(" ".join),
        st.sampled_from(["", "X", "y z", "a"]),
    ),
    max_size=5,
)


@settings(derandomize=True, max_examples=300)
@given(PAIRS, TEXTS, st.integers(0, 12))
def test_settled_words_stand_whatever_follows(
    pairs: list[tuple[str, str]], tokens: list[str], cut: int
) -> None:
    rules = Replacements(pairs)
    early, late = rules.read(" ".join(tokens[:cut])), rules.read(" ".join(tokens))
    assert late.text.split()[: early.settled] == early.text.split()[: early.settled] or (
        # A left-out word gives the end of its sentence to the word before.
        [word.strip('.,"') for word in late.text.split()[: early.settled]]
        == [word.strip('.,"') for word in early.text.split()[: early.settled]]
    )
    assert len(early.reach) == len(early.text.split())
    assert list(early.reach) == sorted(early.reach)
    assert early.stable_chars(len(early.heard)) == len(early.text)


@settings(derandomize=True, max_examples=300)
@given(PAIRS, TEXTS)
def test_words_and_text_agree_and_times_stay_in_order(
    pairs: list[tuple[str, str]], tokens: list[str]
) -> None:
    rules = Replacements(pairs)
    words = rules.words(
        tuple(Word(token, 100 * at, 100 * at + 80) for at, token in enumerate(tokens))
    )
    assert [word.text for word in words] == rules.read(" ".join(tokens)).text.split()
    assert all(word.start_ms <= word.end_ms for word in words)
    assert all(a.end_ms <= b.start_ms for a, b in pairwise(words))


@settings(derandomize=True, max_examples=200)
@given(PAIRS, TEXTS, st.sampled_from([StabilityMode.BALANCED, StabilityMode.STEADY]))
def test_growing_speech_is_never_taken_back_because_of_a_rule(
    pairs: list[tuple[str, str]], tokens: list[str], mode: StabilityMode
) -> None:
    bare = [token.strip('.,"').casefold() for token in tokens]
    track = CaptionTrack(TranscriptReducer(), mode, replacements=Replacements(pairs))
    for count in range(len(bare) + 1):
        text = " ".join(bare[:count])
        track.heard(Hypothesis(text, is_final=count == len(bare)), processing_ms=0.0, now=0.0)
    assert track.erasure.deleted_tokens == 0


def test_a_hundred_times_the_rules_cost_little_more() -> None:
    text = " ".join(f"word{each} more or less" for each in range(50))
    few, many = (
        Replacements([(f"word{each} more", f"Word{each}") for each in range(count)])
        for count in (50, 5000)
    )
    assert _fastest(many, text) < 10 * _fastest(few, text)


def _fastest(replacements: Replacements, text: str) -> float:
    replacements.read(text)
    return min(timeit.repeat(lambda: replacements.read(text), number=5, repeat=7))
