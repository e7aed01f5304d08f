"""The log of a run explains how it went, and never says what was said."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Any

import pytest

from captioner.core.clock import SystemClock
from captioner.core.counts import AudioCounts, ErasureCounts, SessionCounts
from captioner.core.errors import UnavailableError
from captioner.core.events import (
    CaptionChanged,
    EndpointHealthChanged,
    HealthChanged,
    SourceChanged,
)
from captioner.core.health import (
    EndpointHealth,
    EndpointState,
    Health,
    HealthState,
    SessionFigures,
)
from captioner.core.segment import Segment
from captioner.session.run_log import RunLog
from tests.support.clips import BECKETT
from tests.support.clock import ManualClock
from tests.support.json_log import logged_to
from tests.support.program import Program

SPOKEN = "the patient's name is Quillfeather"
KEY = "planted-key-66d0ab"


@pytest.fixture
def log_file(tmp_path: Path) -> Path:
    return tmp_path / "log"


def _lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_run_is_explained_without_a_word_of_it(log_file: Path) -> None:
    with logged_to(log_file, logging.DEBUG, verbose=True):
        run = RunLog(SystemClock())
        run.begin(SessionCounts(audio=AudioCounts(captured=5)))
        with run.lines():
            run.take(SourceChanged("microphone", "Desk", ""))
            for seconds in (3, 4):
                late = Health(HealthState.DEGRADED, f"{seconds} seconds behind.", hint="Wait.")
                run.take(HealthChanged(late))
            gone = UnavailableError("riva is gone.", code="UNAVAILABLE").as_record()
            run.take(HealthChanged(Health(HealthState.RECONNECTING, "riva is gone.", error=gone)))
            down = EndpointHealth("riva", EndpointState.DOWN, "riva is gone.", error=gone)
            run.take(EndpointHealthChanged(down))
            said = Segment(id=3, text=SPOKEN, is_final=True, start_ms=100, end_ms=900)
            run.take(CaptionChanged(said, SPOKEN))
            run.end(
                SessionFigures(reconnects=2),
                SessionCounts(audio=AudioCounts(captured=16_005)),
                UnavailableError("Gone."),
                worst_lag_s=0.0,
            )

    text = log_file.read_text()
    assert "Quillfeather" not in text
    heard, health, broken, server, caption, ended = _lines(text)
    assert heard["message"] == "Heard: microphone 'Desk'"
    assert (health["health"], health["hint"]) == ("degraded", "Wait.")
    assert "error" not in health, "nothing but slow"
    assert (broken["health"], broken["error"]) == ("reconnecting", gone)
    assert (server["server"], server["error"]) == ("riva", gone)
    assert (caption["segment"], caption["start_ms"], caption["end_ms"]) == (3, 100, 900)
    assert ended["summary"]["captions"] == 1
    assert ended["summary"]["audio_samples"]["captured"] == 16_000
    assert ended["summary"]["ended_by"] == "unavailable"
    assert len({line["session"] for line in (heard, health, broken, caption, ended)}) == 1


def _took(number: int, ms: float, *, final: bool, since_speech_s: float) -> CaptionChanged:
    said = Segment(number, SPOKEN, final, 0, 1, processing_ms=ms)
    return CaptionChanged(said, SPOKEN, since_speech_s=since_speech_s)


def test_the_summary_is_of_the_whole_run(log_file: Path) -> None:
    clock = ManualClock()
    run = RunLog(clock)
    before = SessionCounts(erasure=ErasureCounts(1, 2, 30), reconnects={"tls": 1})
    with logged_to(log_file, logging.INFO):
        run.begin(before)
        for number in range(100):
            run.take(_took(number, 200.0, final=False, since_speech_s=0.5))
            run.take(_took(number, 400.0, final=True, since_speech_s=0.8))
        run.take(_took(100, 9000.0, final=True, since_speech_s=9.5))
        made_by_us = Segment(101, SPOKEN, is_final=True, start_ms=0, end_ms=1, promoted=True)
        run.take(CaptionChanged(made_by_us, SPOKEN))
        run.painted(0.02)
        clock.jump(3600.0)  # nobody has spoken since
        work_until_s = time.process_time() + 0.05
        while time.process_time() < work_until_s:
            pass
        erasure = ErasureCounts(5, 14, 130)
        counts = SessionCounts(
            AudioCounts(captured=320, sent=160, dropped=16),
            erasure,
            {"tls": 1, "unavailable": 2},
            failovers=1,
        )
        run.end(SessionFigures("Riva", lag_s=0.1, reconnects=2), counts, None, worst_lag_s=7.25)
        run.begin(counts)
        run.end(SessionFigures(), counts, None, worst_lag_s=0.0)

    whole, empty = (line["summary"] for line in _lines(log_file.read_text(encoding="utf-8")))
    assert whole["latency"]["count"] == 201
    assert whole["latency"]["p50_ms"] == pytest.approx(400, rel=0.05)
    assert whole["latency"]["p95_ms"] == pytest.approx(400, rel=0.05)
    assert whole["latency"]["worst_ms"] == 9000
    first, final = whole["first_words_after_speech"], whole["final_after_speech"]
    assert (first["count"], first["p95_ms"]) == (100, 500)
    assert (final["count"], final["worst_ms"]) == (101, 9500)
    assert whole["response_to_painted"] == dict.fromkeys(("p50_ms", "p95_ms", "worst_ms"), 20.0) | {
        "count": 1
    }
    assert (whole["ran_s"], whole["captions"], whole["worst_lag_s"]) == (3600, 102, 7.2)
    assert (whole["revisions"], whole["erased_words"], whole["erased_share"]) == (4, 12, 0.12)
    assert (whole["reconnects"], whole["broken_by"]) == (2, {"unavailable": 2})
    assert whole["audio_samples"] == {
        "captured": 320,
        "sent": 160,
        "processed": 0,
        "dropped": 16,
    }
    assert whole["processor_s"] >= 0.05
    assert empty["processor_s"] < 0.05
    assert whole["peak_memory_mib"] > 10
    assert empty["latency"] is empty["response_to_painted"] is empty["erased_share"] is None
    assert (empty["captions"], empty["erased_words"], empty["broken_by"]) == (0, 0, {})


@pytest.mark.slow
def test_no_file_of_the_log_has_a_key_or_a_word(mock_program: Program) -> None:
    environ = mock_program.environ(RIVA_API_KEY=KEY)
    command = ("--verbose", "live", "--no-history", "--source", f"file:{BECKETT.path}")
    done = mock_program.run(*command, environ=environ)
    assert done.returncode == 0, done.stderr
    words = max(done.stdout.splitlines(), key=len)
    assert len(words.split()) > 2  # else the search below proves nothing

    written = [path.read_text() for path in (mock_program.profile / "logs").glob("*.log*")]
    assert not any(KEY in text or words in text for text in written)
    (text,) = (text for text in written if '"summary"' in text)
    lines = _lines(text)
    captions = [line for line in lines if line["message"] == "Caption"]
    (session,) = {line["session"] for line in captions}
    assert all(line["stream"] == 1 for line in captions)
    assert lines[0]["environment"]["system"]
    assert any(line.get("settings", {}).get("engine.backend") == "mock" for line in lines)
    # The way of each caption ends where its readers are, and begins in the log of the engine.
    written = [line for line in lines if line["message"] == "Written"]
    finals = {line["segment"] for line in captions if line["is_final"]}
    assert {line["segment"] for line in written} == finals
    assert {line["session"] for line in written} == {session}
    assert not any("engine: Info" in line["message"] for line in lines)
    engine = _lines((mock_program.profile / "logs" / "engine.log").read_text())
    of_stream = [line["message"] for line in engine if line.get("request") == f"{session}/1"]
    assert {"A stream begins", "Received", "Answered"} <= set(of_stream)
    (summary,) = (line for line in lines if "summary" in line)
    assert summary["session"] == session
    assert summary["summary"]["captions"] == sum(line["is_final"] for line in captions)
