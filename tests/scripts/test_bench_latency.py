"""`scripts/bench latency`: which caption belongs to which speech, and a short run of all of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from captioner.session.trace import STAGES
from scripts.benchmarks import latency
from scripts.benchmarks.latency import Delays
from scripts.benchmarks.run_traced_window import Timed
from scripts.benchmarks.speech import Speech


def blocks(*levels: float) -> Iterator[tuple[float, latency.Sound]]:
    return ((at / 100, np.full(160, level, np.float32)) for at, level in enumerate(levels))


def test_a_breath_before_the_speech_is_where_the_recording_is_recognised_by_the_ear() -> None:
    assert latency._first_loud(blocks(0.002, 0.02, 0.3)) == 0.01
    with pytest.raises(RuntimeError, match="nothing was heard"):
        latency._first_loud(blocks(0.002, 0.003))


def timed(begun_at: float, ended_at: float, painted_at: float, *, is_final: bool) -> Timed:
    return Timed(is_final, begun_at, ended_at, painted_at - 0.1, painted_at, {})


def test_captions_belong_to_the_speech_that_is_nearest() -> None:
    delays = Delays()
    delays.add(
        [Speech(10.0, 12.0), Speech(14.0, 15.0)],
        [
            timed(10.1, 11.0, 10.8, is_final=False),
            timed(10.1, 12.1, 12.5, is_final=True),
            timed(12.9, 13.0, 13.2, is_final=False),  # near to no beginning
        ],
        pixels=[10.0, 10.82, 12.52, 13.22],
    )
    assert delays.first_pixels == [pytest.approx(0.82)]
    assert delays.final_paint == [pytest.approx(0.5)]


@pytest.mark.slow
@pytest.mark.sound
@pytest.mark.screen
@pytest.mark.timeout(120)
def test_speech_is_followed_from_the_loudspeaker_to_the_pixels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(latency, "CLIPS", {"beckett": latency.CLIPS["beckett"]})
    found = latency.measure()
    assert len(found.first) >= 3
    assert len(found.finals) >= 3
    for caption in (*found.first, *found.finals):
        assert tuple(caption.stages_ms) == STAGES
        whole_ms = 1000 * (caption.painted_at - caption.heard_at)
        assert sum(caption.stages_ms.values()) == pytest.approx(whole_ms, abs=0.1)
        assert min(caption.stages_ms.values()) >= 0
    for pixels_s, caption in zip(found.first_pixels, found.first, strict=True):
        assert pixels_s > caption.painted_at - caption.heard_at
