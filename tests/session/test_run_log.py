"""The log of a run explains how it went, and never says what was said."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from captioner.core.clock import SystemClock
from captioner.core.counts import AudioCounts, SessionCounts
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
    (summary,) = (line for line in lines if "summary" in line)
    assert summary["session"] == session
    assert summary["summary"]["captions"] == sum(line["is_final"] for line in captions)
