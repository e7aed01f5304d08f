"""What collectors are told: the documented names, and values that are those of the parts."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from prometheus_client import ProcessCollector
from prometheus_client.parser import text_string_to_metric_families

from captioner import __version__
from captioner.core.counts import AudioCounts, EngineCounts, ErasureCounts, SessionCounts
from captioner.core.events import CaptionChanged, SessionEvent
from captioner.core.health import Health, HealthState
from captioner.core.segment import Segment
from captioner.telemetry.metrics import Metrics
from tests.support.metrics import samples_of

_TABLES = Path(__file__).parents[2] / "resources" / "monitoring" / "README.md"


class _Session:
    """A session with counts that a test sets."""

    def __init__(self) -> None:
        self.counts = SessionCounts()
        self.health = Health(HealthState.LISTENING, "Listening.")
        self.listeners: list[Callable[[SessionEvent], None]] = []

    def subscribe(self, listener: Callable[[SessionEvent], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def tell(self, event: SessionEvent) -> None:
        for listener in self.listeners:
            listener(event)


class _Sink:
    failures = 1
    dropped = 7


def read(metrics: Metrics) -> dict[str, float]:
    return samples_of(metrics.text().decode())


def full_metrics() -> Metrics:
    """Return metrics with all parts that there are."""
    metrics = Metrics()
    metrics.follow_sinks({"history": _Sink()})
    metrics.follow_feed(lambda: 2, lambda: 3)
    engine = EngineCounts(
        is_ready=True, streams=2, most_streams=8, refused=1, heard=160_000, decode_s=1.5
    )
    metrics.follow_engine(lambda: engine)
    metrics.bridge.errors.labels("NO_RECOGNISER").inc()
    metrics.sessions.follow(_Session())
    words = Segment(0, "so", is_final=False, start_ms=0, end_ms=1)
    metrics.sessions.painted(CaptionChanged(words, "so", told_at=time.monotonic()), "jsonl")
    return metrics


def test_the_documented_metrics_are_those_that_there_are() -> None:
    rows = re.findall(
        r"^\| `(captioner_\w+)(?:\{(\w+)\})?` \| (\w+) \|", _TABLES.read_text("utf-8"), re.MULTILINE
    )
    documented = {name: kind for name, _, kind in rows}
    text = full_metrics().text().decode()
    kinds = dict(re.findall(r"^# TYPE (captioner_\w+) (\w+)$", text, re.MULTILINE))
    assert documented == kinds
    labels = {name: label for name, label, _ in rows if label}
    found = {
        sample.name.removesuffix("_count"): label
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.endswith(("_bucket", "_sum"))
        for label in sample.labels
    }
    assert found == labels


def test_names_follow_the_conventions_of_prometheus() -> None:
    text = full_metrics().text().decode()
    for name, kind in re.findall(r"^# TYPE (captioner_\w+) (\w+)$", text, re.MULTILINE):
        assert name.endswith("_total") is (kind == "counter"), name
        assert not re.search(r"_(ms|milliseconds|minutes|percent|samples)\b", name), name


def test_sums_of_sessions_outlast_them() -> None:
    metrics = Metrics()
    first, second = _Session(), _Session()
    let_go = metrics.sessions.follow(first)
    metrics.sessions.follow(second)
    first.counts = SessionCounts(
        AudioCounts(48_000, 32_000, 16_000, 8_000, 24_000),
        ErasureCounts(1, 2, 20),
        {"unavailable": 2},
        failovers=1,
        lag_s=3.0,
        standing_in=1,
    )
    second.counts = SessionCounts(
        AudioCounts(16_000), ErasureCounts(0, 3, 5), {"tls": 1, "unavailable": 1}, lag_s=1.0
    )
    second.health = Health(HealthState.DEGRADED, "Slow.")
    found = read(metrics)
    assert found["captioner_audio_captured_seconds_total"] == 4.0
    assert found["captioner_audio_sent_seconds_total"] == 2.0
    assert found["captioner_audio_processed_seconds_total"] == 1.0
    assert found["captioner_audio_dropped_seconds_total"] == 0.5
    assert found["captioner_audio_queue_seconds"] == 1.5
    assert found["captioner_lag_seconds"] == 3.0
    assert found["captioner_reconnects_total{unavailable}"] == 3.0
    assert found["captioner_reconnects_total{tls}"] == 1.0
    assert found["captioner_failovers_total"] == 1.0
    assert found["captioner_sessions_on_stand_in"] == 1.0
    assert found["captioner_normalized_erasure_ratio"] == 0.2
    assert found["captioner_sessions{listening}"] == found["captioner_sessions{degraded}"] == 1.0
    let_go()
    after = read(metrics)
    assert after["captioner_audio_captured_seconds_total"] == 4.0
    assert after["captioner_sessions{listening}"] == 0.0
    assert after["captioner_sessions_on_stand_in"] == 0.0
    assert after["captioner_lag_seconds"] == 1.0
    assert after["captioner_audio_queue_seconds"] == 0.0
    assert first.listeners == []


def test_durations_are_those_of_captions() -> None:
    metrics, session = Metrics(), _Session()
    metrics.sessions.follow(session)
    partial = Segment(0, "so", is_final=False, start_ms=0, end_ms=1, processing_ms=250.0)
    final = Segment(0, "so it is", is_final=True, start_ms=0, end_ms=9, processing_ms=400.0)
    promoted = Segment(
        1, "and", is_final=True, start_ms=0, end_ms=9, promoted=True, processing_ms=9000.0
    )
    now = time.monotonic()
    told = CaptionChanged(partial, "so", told_at=now, since_speech_s=0.7)
    session.tell(told)
    session.tell(CaptionChanged(partial, "so", told_at=now))
    session.tell(CaptionChanged(final, "so it is", told_at=now, since_speech_s=1.25))
    session.tell(CaptionChanged(promoted, "and"))
    metrics.sessions.painted(told, "text")
    metrics.sessions.painted(CaptionChanged(promoted, "and"), "text")
    found = read(metrics)
    assert found["captioner_chunk_to_response_seconds_count"] == 3.0
    assert found["captioner_chunk_to_response_seconds_sum"] == 0.25 + 0.25 + 0.4
    assert found["captioner_speech_to_first_partial_seconds_sum"] == 0.7
    assert found["captioner_end_of_speech_to_final_seconds_sum"] == 1.25
    assert found["captioner_response_to_painted_seconds_count{text}"] == 1.0
    assert 0 <= found["captioner_response_to_painted_seconds_sum{text}"] < 60
    kinds = [found[f"captioner_captions_total{{{kind}}}"] for kind in ("partial", "final")]
    assert (*kinds, found["captioner_captions_total{promoted}"]) == (2.0, 1.0, 1.0)


def test_what_other_parts_count() -> None:
    found = read(full_metrics())
    assert found["captioner_sink_failures_total{history}"] == 1.0
    assert found["captioner_sink_dropped_events_total{history}"] == 7.0
    assert (found["captioner_feed_clients"], found["captioner_feed_dropped_events_total"]) == (2, 3)
    assert found["captioner_engine_audio_seconds_total"] == 10.0
    assert found["captioner_engine_real_time_factor"] == 0.15
    assert found["captioner_engine_streams"] == 2.0


def test_an_engine_that_is_not_there_is_not_told_of() -> None:
    metrics = Metrics()
    metrics.follow_engine(lambda: None)
    assert not [name for name in read(metrics) if name.startswith("captioner_engine")]


def test_each_process_tells_its_version_wherever_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the system tells nothing of processes in files: anywhere but on Linux."""
    elsewhere = partial(ProcessCollector, proc="/nowhere")
    monkeypatch.setattr("captioner.telemetry.metrics.ProcessCollector", elsewhere)
    assert read(Metrics()) == {f"captioner_build_info{{{__version__}}}": 1.0}
