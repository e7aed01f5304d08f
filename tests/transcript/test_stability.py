"""What a reader sees of an unsteady partial, and how much of it is taken back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captioner.core.hypothesis import Hypothesis
from captioner.core.stability import StabilityMode
from captioner.session.captions import CaptionTrack
from captioner.transcript.erasure import ErasureMeter
from captioner.transcript.reducer import TranscriptReducer
from captioner.transcript.stability import StabilityPolicy

READINGS = st.lists(
    st.lists(st.sampled_from(["a", "b", "B,", "c"]), min_size=1, max_size=7).map(" ".join),
    min_size=1,
    max_size=8,
)


def shown(mode: StabilityMode, *readings: str, stable_chars: int = 0) -> list[str]:
    policy = StabilityPolicy(mode)
    return [
        policy.shown(0, reading, is_final=False, stable_chars=stable_chars) for reading in readings
    ]


def test_responsive_shows_everything() -> None:
    assert shown(StabilityMode.RESPONSIVE, "i", "ice cream", "i scream") == [
        "i",
        "ice cream",
        "i scream",
    ]


def test_balanced_shows_the_first_partial_at_once_but_for_its_last_word() -> None:
    assert shown(StabilityMode.BALANCED, "we hold these tru") == ["we hold these"]


def test_balanced_holds_the_last_word_until_it_is_confirmed() -> None:
    assert shown(
        StabilityMode.BALANCED, "we", "we hold", "we hold", "We, hold. these", "we held"
    ) == ["", "we", "we hold", "We, hold.", "we"]


def test_balanced_believes_what_the_recogniser_calls_stable() -> None:
    readings = ("we hold these",)
    assert shown(StabilityMode.BALANCED, *readings, stable_chars=7) == ["we hold"]
    assert shown(StabilityMode.BALANCED, *readings, stable_chars=13) == ["we hold these"]


def test_steady_shows_what_two_readings_agree_on() -> None:
    assert shown(
        StabilityMode.STEADY, "i scream", "i scream", "ice cream is", "ice cream is good"
    ) == ["", "i scream", "i scream", "i scream is"]
    assert shown(StabilityMode.STEADY, "we hold these", stable_chars=7) == ["we hold"]


@settings(derandomize=True)
@given(READINGS, st.lists(st.integers(0, 12), min_size=8, max_size=8))
def test_steady_never_takes_back_before_the_final(readings: list[str], stable: list[int]) -> None:
    policy = StabilityPolicy(StabilityMode.STEADY)
    before = ""
    for reading, stable_chars in zip(readings, stable, strict=False):
        now = policy.shown(0, reading, is_final=False, stable_chars=stable_chars)
        assert now.split()[: len(before.split())] == before.split()
        before = now
    assert policy.shown(0, "Final.", is_final=True) == "Final."


@pytest.mark.parametrize("mode", StabilityMode)
@settings(derandomize=True)
@given(readings=READINGS)
def test_finals_are_whole_and_segments_do_not_mix(mode: StabilityMode, readings: list[str]) -> None:
    alone, crowded = StabilityPolicy(mode), StabilityPolicy(mode)
    for reading in readings:
        expected = alone.shown(1, reading, is_final=False)
        crowded.shown(2, "c c c", is_final=False)
        assert crowded.shown(1, reading, is_final=False) == expected
        assert len(expected.split()) <= max(len(each.split()) for each in readings)
    assert crowded.shown(1, "  as  it is ", is_final=True) == "  as  it is "
    assert crowded.shown(2, "x", is_final=True) == "x"
    assert crowded._before == {}
    assert crowded._shown == {}


@pytest.mark.parametrize(
    ("updates", "deleted", "words"),
    [
        ([(0, "a b c", True)], 0, 3),
        ([(0, "a", False), (0, "a b", False), (0, "a b", True)], 0, 2),
        ([(0, "a b", False), (0, "a c", False), (0, "a c", True)], 1, 2),
        ([(0, "a b c", False), (0, "x b c", True)], 3, 3),
        ([(0, "a b c", False), (0, "", True)], 3, 0),
        ([(0, "a b", False), (1, "c", False), (0, "a b", True), (1, "d", True)], 1, 3),
        ([(0, "we hold", False), (0, "We hold.", True)], 2, 2),
        ([(0, "a b c d", False), (0, "a b", False), (0, "a b c d", True)], 2, 4),
    ],
)
def test_erasure_by_hand(updates: list[tuple[int, str, bool]], deleted: int, words: int) -> None:
    meter = ErasureMeter()
    for segment_id, text, is_final in updates:
        meter.update(segment_id, text, is_final=is_final)
    assert (meter.deleted_tokens, meter.final_tokens) == (deleted, words)
    assert meter.normalized == (deleted / words if words else 0.0)
    assert meter._shown == {}


def heard(track: CaptionTrack, text: str, *, is_final: bool = False, stable_chars: int = 0) -> str:
    change = track.heard(
        Hypothesis(text, is_final=is_final, stable_chars=stable_chars, audio_processed_s=1.0),
        processing_ms=0.0,
        now=0.0,
    )
    assert change is not None
    return change.shown


def test_a_track_keeps_policy_and_meter_in_step() -> None:
    track = CaptionTrack(TranscriptReducer(), StabilityMode.BALANCED)
    assert heard(track, "we hold the") == "we hold"
    assert heard(track, "we hold these truths") == "we hold these"
    assert heard(track, "We hold these truths.", is_final=True) == "We hold these truths."
    assert track.erasure.deleted_tokens == 3
    assert track.erasure.normalized == 3 / 4


def test_the_stable_head_is_counted_from_where_the_segment_begins() -> None:
    """The first five words were promoted; the server still calls seven of nine stable."""
    track = CaptionTrack(TranscriptReducer(), StabilityMode.STEADY)
    heard(track, "one two three four five")
    assert track.promote() is not None
    text = "one two three four five six seven eight nine"
    stable = len("one two three four five six seven")
    assert heard(track, text, stable_chars=stable) == "six seven"


def test_a_caption_is_promoted_after_a_quiet_gap_and_not_before() -> None:
    track = CaptionTrack(TranscriptReducer(), StabilityMode.BALANCED)
    assert track.promote_if_quiet(5.0, now=100.0) is None
    track.heard(Hypothesis("so far"), processing_ms=0.0, now=100.0)
    track.heard(Hypothesis("so far so"), processing_ms=0.0, now=103.0)
    track.heard(Hypothesis("so far so"), processing_ms=0.0, now=107.0)
    assert track.promote_if_quiet(5.0, now=107.9) is None, "not yet since the last change"
    change = track.promote_if_quiet(5.0, now=108.0)
    assert change is not None
    assert change.segment.promoted
    assert change.shown == "so far so"
    assert track.promote_if_quiet(5.0, now=200.0) is None
