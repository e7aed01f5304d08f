"""What a session says of itself in numbers."""

from __future__ import annotations

import pytest

from captioner.core.counts import AudioCounts
from captioner.core.events import CaptionChanged
from captioner.core.health import SessionFigures
from captioner.core.segment import Segment
from captioner.session.latency import LatencyMeter
from tests.session.test_session import running
from tests.support.clock import ManualClock
from tests.support.riva_handlers import break_once
from tests.support.riva_server import serve_riva
from tests.support.scripted_source import ScriptedSource
from tests.support.wait import until


def took(ms: float, *, promoted: bool = False) -> CaptionChanged:
    segment = Segment(0, "so", promoted, 0, 1, promoted=promoted, processing_ms=ms)
    return CaptionChanged(segment, "so")


def test_latency_is_that_of_the_last_minutes() -> None:
    clock = ManualClock()
    meter = LatencyMeter(clock)
    assert (meter.newest_ms, meter.p95_ms) == (None, None)
    meter.take(took(9000.0))
    clock.jump(301.0)
    for ms in range(100, 0, -1):
        meter.take(took(float(ms)))
    meter.take(took(5000.0, promoted=True))
    assert (meter.newest_ms, meter.p95_ms) == (1.0, 95.0)
    for _ in range(10_000):
        meter.take(took(7.0))
    assert meter.p95_ms == 7.0
    assert len(meter._kept) == 4096
    clock.jump(301.0)
    meter.take(took(8.0))
    assert len(meter._kept) == 1, "what is old is kept where nobody asks for the figures"


async def test_figures_of_a_run_with_a_break_in_it() -> None:
    source, clock = ScriptedSource(), ManualClock()
    async with serve_riva(break_once) as server, running(server, source, clock=clock) as watcher:
        session = watcher.session
        assert session.figures == SessionFigures()
        await until(lambda: server.streams)
        source.speak(0.1, begun_at=clock.now())
        await clock.advance_until(lambda: watcher.finals)
        figures = session.figures
        assert figures.recogniser == f"127.0.0.1:{server.port}"
        assert figures.reconnects == 1
        took_ms = watcher.captions[-1].processing_ms  # none, where the clock stood meanwhile
        expected = pytest.approx(took_ms) if took_ms else None
        assert figures.latency_ms == figures.latency_p95_ms == expected
        assert figures.lost_ms == 0
        counts = session.counts
        assert counts.reconnects == {"unavailable": 1}
        assert counts.audio == AudioCounts(captured=1600, sent=3200, processed=3200)
        assert counts.erasure.final_words == 2
        assert watcher.timed[-1] >= 0
        source.speak(0.1, lost_s=1.5)
        await clock.advance_until(lambda: session.figures.lost_ms == 1500)
        await session.stop()
        assert session.figures.reconnects == 1, "the last run's figures can still be read"
        audio = session.counts.audio
        assert (audio.captured, audio.dropped, audio.waiting) == (3200, 24_000, 0)
