"""The small values everything else rests on."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captioner.core.audio import (
    SILENT_DBFS,
    AudioChunk,
    AudioLevel,
    ms_to_samples,
    samples_to_ms,
)
from captioner.core.backoff import Backoff
from captioner.core.errors import CaptionerError, ErrorCategory
from captioner.core.state import TRANSITIONS, SessionState, check_transition

KINDS = CaptionerError.__subclasses__()


@settings(derandomize=True)
@given(st.integers(0, 10**12))
def test_whole_milliseconds_survive_samples(milliseconds: int) -> None:
    assert samples_to_ms(ms_to_samples(milliseconds)) == milliseconds


def test_milliseconds_round_down_and_samples_to_the_nearest() -> None:
    assert samples_to_ms(31) == 1
    assert ms_to_samples(0.04) == 1
    assert ms_to_samples(0.02) == 0


def test_a_chunk_knows_where_it_ends() -> None:
    chunk = AudioChunk(bytes(320), start=1000, captured_at=0.0)
    assert (chunk.samples, chunk.end) == (160, 1160)


def test_levels_in_decibels() -> None:
    level = AudioLevel.from_amplitudes(rms=0.1, peak=1.0)
    assert level.rms_dbfs == pytest.approx(-20.0)
    assert level.peak_dbfs == 0.0
    assert AudioLevel.from_amplitudes(0.0, 1e-9) == AudioLevel(SILENT_DBFS, SILENT_DBFS)


@settings(derandomize=True)
@given(st.integers(), st.floats(0.01, 5.0), st.floats(0.01, 60.0))
def test_delays_stay_below_their_doubling_bound(seed: int, base_s: float, cap_s: float) -> None:
    backoff = Backoff(base_s=base_s, cap_s=cap_s, rng=random.Random(seed))  # noqa: S311 - jitter
    for attempt in range(50):
        assert backoff.attempts == attempt
        assert 0 <= backoff.next_delay() <= min(cap_s, base_s * 2**attempt)
    backoff.reset()
    assert backoff.next_delay() <= min(cap_s, base_s)


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_has_a_category_of_its_own_and_a_record(kind: type[CaptionerError]) -> None:
    error = kind("It broke.", hint="Mend it.", code="E1")
    assert str(error) == "It broke."
    assert error.as_record() == {
        "category": kind.category.value,
        "code": "E1",
        "message": "It broke.",
        "hint": "Mend it.",
        "retryable": kind.retryable,
    }


def test_categories_and_errors_match_one_to_one() -> None:
    categories = [kind.category for kind in KINDS]
    assert sorted(categories) == sorted(ErrorCategory)


def test_every_state_can_be_left_and_reached() -> None:
    assert set(TRANSITIONS) == set(SessionState)
    assert all(TRANSITIONS.values())
    assert set().union(*TRANSITIONS.values()) == set(SessionState)


def test_a_forbidden_move_is_a_fault() -> None:
    check_transition(SessionState.IDLE, SessionState.STARTING)
    with pytest.raises(ValueError, match="cannot go from idle to streaming"):
        check_transition(SessionState.IDLE, SessionState.STREAMING)
    with pytest.raises(ValueError, match="cannot go"):
        check_transition(SessionState.STREAMING, SessionState.IDLE)
