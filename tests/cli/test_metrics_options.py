"""`--metrics-port` of a real command: what it tells while captions run."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from pathlib import Path

import pytest
from pydantic import SecretStr

from captioner.cli.exit_codes import ExitCode
from captioner.cli.metrics_options import metrics_address
from captioner.core.health import HealthState
from captioner.web.metrics_port import MetricsAddress
from tests.support.clips import clip_folder
from tests.support.metrics import announced_url, scrape
from tests.support.program import Program


def test_live_shows_its_metrics_while_it_captions(mock_program: Program, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    output = tmp_path / "out"
    child = mock_program.start(
        *("live", "--source", f"file:{clip_folder() / 'two_cities.wav'}", "--format", "jsonl"),
        output=output,
        # The engine, which is a child, must not want the same port.
        environ=mock_program.environ(METRICS_PORT=str(port)),
    )
    mock_program.wait_for(lambda: announced_url(output.with_suffix(".err")) != "", what="no URL")
    url = announced_url(output.with_suffix(".err"))
    assert url == f"http://127.0.0.1:{port}/metrics"
    mock_program.wait_for(
        lambda: scrape(url)["captioner_captions_total{final}"] > 0, what="no final"
    )
    found = scrape(url)
    assert mock_program.interrupt(child) == ExitCode.INTERRUPTED
    assert found["captioner_sessions{listening}"] == 1.0
    captured, sent = (
        found[f"captioner_audio_{what}_seconds_total"] for what in ("captured", "sent")
    )
    assert 2.0 < sent <= captured < 60
    assert found["captioner_audio_dropped_seconds_total"] == 0.0
    assert found["captioner_speech_to_first_partial_seconds_count"] >= 1.0
    assert found["captioner_end_of_speech_to_final_seconds_count"] >= 1.0
    assert found["captioner_response_to_painted_seconds_count{jsonl}"] >= 2.0
    assert found["captioner_sink_failures_total{history}"] == 0.0


def test_serve_shows_the_engine(program: Program, tmp_path: Path) -> None:
    output = tmp_path / "out"
    child = program.start(
        *("serve", "--engine", "mock", "--port", "0", "--max-streams", "3", "--metrics-port", "0"),
        output=output,
    )
    errors = output.with_suffix(".err")
    program.wait_for(lambda: "listens on" in errors.read_text(), what="not listening")
    url = announced_url(errors)
    program.wait_for(lambda: scrape(url)["captioner_engine_ready"] == 1, what="not ready")
    assert scrape(url)["captioner_engine_streams_limit"] == 3
    program.interrupt(child)


@pytest.mark.slow
def test_a_command_that_gives_up_is_never_seen_to_have_failed(
    program: Program, tmp_path: Path
) -> None:
    """Which is why the rules look at whether it answers at all."""
    program.profile.mkdir()
    alone = {"connection": {"embedded_fallback": False}}
    (program.profile / "settings.json").write_text(json.dumps(alone), encoding="utf-8")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{closed.getsockname()[1]}"
    output = tmp_path / "out"
    clip = f"file:{clip_folder() / 'two_cities.wav'}"
    child = program.start(
        *("live", "--source", clip, "--server", nobody, "--metrics-port", "0"), output=output
    )
    errors = output.with_suffix(".err")
    program.wait_for(lambda: announced_url(errors) != "", what="no URL")
    seen: set[HealthState] = set()
    while child.poll() is None:
        with contextlib.suppress(OSError):
            found = scrape(announced_url(errors))
            seen |= {each for each in HealthState if found.get(f"captioner_sessions{{{each}}}")}
        time.sleep(0.2)
    assert child.returncode == ExitCode.UNAVAILABLE
    assert HealthState.RECONNECTING in seen
    assert HealthState.FAILED not in seen


def test_the_token_comes_from_a_file_or_the_environment_and_stays_with_us(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAPTIONER_METRICS_TOKEN", "of-the-environment")
    assert metrics_address(None, None, None) is None
    assert "CAPTIONER_METRICS_TOKEN" not in os.environ, "no child inherits it"
    monkeypatch.setenv("CAPTIONER_METRICS_TOKEN", "of-the-environment")
    address = metrics_address(9464, "192.0.2.7", None)
    assert address == MetricsAddress(9464, "192.0.2.7", SecretStr("of-the-environment"))
    file = tmp_path / "token"
    file.write_text("of-the-file\n")
    assert metrics_address(0, None, file) == MetricsAddress(0, token=SecretStr("of-the-file"))


def test_a_port_that_is_in_use_is_told_before_anything_begins(
    mock_program: Program, tmp_path: Path
) -> None:
    export = tmp_path / "talk.srt"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = mock_program.run("live", "--metrics-port", port, "--export", str(export))
    assert done.returncode == ExitCode.UNAVAILABLE
    assert "the port is in use by another program" in " ".join(done.stderr.split())
    assert not export.exists()
