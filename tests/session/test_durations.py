"""Durations of a run of any length are told closely enough, and take no more room than one."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.session.durations import Durations


def _of(*took_ms: float) -> Durations:
    durations = Durations()
    for ms in took_ms:
        durations.add(ms)
    return durations


@given(
    st.lists(st.floats(0, 1_000_000), min_size=1),
    st.sampled_from([0.01, 0.5, 0.95, 1.0]),
)
def test_a_share_is_at_most_a_twentieth_too_long(took_ms: list[float], share: float) -> None:
    true_ms = sorted(took_ms)[math.ceil(share * len(took_ms)) - 1]
    told_ms = _of(*took_ms).below_ms(share)
    assert told_ms is not None
    assert true_ms <= told_ms * (1 + 1e-9)
    assert told_ms <= max(1.05 * true_ms, 0.1) * (1 + 1e-9)
    assert told_ms <= max(took_ms)


def test_the_summary_has_the_middle_a_long_one_and_the_longest() -> None:
    summary = _of(*range(1, 101), 5000).summary()
    assert summary is not None
    assert summary["count"] == 101
    assert summary["p50_ms"] == pytest.approx(51, rel=0.05)
    assert summary["p95_ms"] == pytest.approx(96, rel=0.05)
    assert summary["worst_ms"] == 5000
    assert _of().summary() is None
    assert _of().below_ms(0.5) is None


def test_the_room_is_bounded() -> None:
    durations = _of(*(1.01**power for power in range(10_000)))
    assert len(durations._buckets) <= 401
    assert durations._buckets.total() == 10_000
