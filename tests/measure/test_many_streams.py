"""A hundred real-time streams and more from one processor core."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from captioner.measure.reading import read_result
from tests.measure.answering_server import CHUNK_MS
from tests.measure.speech import write_speech
from tests.support.program import Program

STREAMS = 100
RAMP_S = 3
DURATION_S = 8


@pytest.fixture
def port() -> Iterator[int]:
    """Where a server listens that answers at once, in a process of its own."""
    chunks = (RAMP_S + DURATION_S + 10) * 1000 // CHUNK_MS
    with subprocess.Popen(
        [sys.executable, "-m", "tests.measure.answering_server", str(chunks)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        yield int(server.stdout.readline())
        server.communicate()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cannot be kept on one core here")
def test_one_core_plays_a_hundred_streams(program: Program, port: int, tmp_path: Path) -> None:
    core = max(os.sched_getaffinity(0))
    done = subprocess.run(
        [
            *("taskset", "--cpu-list", str(core)),
            *program.command("loadtest", "--endpoint", f"127.0.0.1:{port}", "--json"),
            *("--streams", str(STREAMS), "--chunk", f"{CHUNK_MS}ms"),
            *("--ramp", f"{RAMP_S}s", "--duration", f"{DURATION_S}s", "--limit-errors", "0"),
            str(write_speech(tmp_path / "speech.wav")),
        ],
        check=False,
        capture_output=True,
        text=True,
        env=program.environ(),
    )
    assert done.stdout, done.stderr
    written = tmp_path / "result.json"
    written.write_text(done.stdout, encoding="utf-8")
    found = read_result(written)
    assert found.machine.cores == 1
    (run,) = found.runs
    assert not run.errors
    # Whether each chunk went out in time depends on what else this computer does; the processor
    # time hardly does.
    assert run.client.processor < 0.8
    assert done.returncode == (0 if run.client.kept_up else 1)
    assert run.client.late_ms is not None
    assert run.client.late_ms.p50 < CHUNK_MS / 2
    assert max(moment.streams for moment in run.timeline) == STREAMS
    assert run.chunk_ms is not None
    assert run.chunk_ms.count >= 0.98 * STREAMS * DURATION_S * 1000 / CHUNK_MS
