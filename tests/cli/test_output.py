"""What becomes of results when the place for them is full, closed, or taken."""

from __future__ import annotations

import asyncio
import json
import shlex
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
import soundfile

from tests.support.clips import BECKETT, TWO_CITIES
from tests.support.program import Program
from tests.support.riva_server import ServedStream, final, serve_riva

_CLIP = shlex.quote(str(BECKETT.path))
"""For a line of a shell: the folder of a clone may have a space in its name."""


def _in_shell(program: Program, line: str) -> subprocess.CompletedProcess[str]:
    """Run ``line`` in a shell, where ``captioner`` stands for the whole command."""
    command = shlex.join(program.command())
    return subprocess.run(
        ["/bin/bash", "-c", f'captioner() {{ {command} "$@"; }}; {line}'],
        env=program.environ(PULSE_SERVER="unix:/nonexistent"),
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    "line",
    [
        "captioner transcribe CLIP > /dev/full",
        "captioner devices > /dev/full",
        "captioner live --source file:CLIP --save /dev/full",
    ],
)
def test_a_full_disk_is_told_with_its_fix(mock_program: Program, line: str) -> None:
    done = _in_shell(mock_program, line.replace("CLIP", _CLIP))
    assert done.returncode == 3, done.stderr
    assert "No space left" in done.stderr or "no room left" in done.stderr
    assert "Fix: Make room" in done.stderr
    assert "fault of its own" not in done.stderr


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("captioner devices >&-", 0),
        ("captioner transcribe CLIP >&- 2>&-", 0),
        ("captioner live --source - <&-", 11),
        ("captioner transcribe CLIP | true; exit ${PIPESTATUS[0]}", 0),
    ],
)
def test_closed_streams_are_no_fault(mock_program: Program, line: str, code: int) -> None:
    done = _in_shell(mock_program, line.replace("CLIP", _CLIP))
    assert done.returncode == code, done.stderr
    assert "fault of its own" not in done.stderr
    assert "Traceback" not in done.stderr


def test_no_transcript_takes_the_place_of_another(program: Program, tmp_path: Path) -> None:
    files = [tmp_path / "a" / "talk.wav", tmp_path / "b" / "talk.flac"]
    done = program.run("transcribe", "-o", str(tmp_path / "out"), *map(str, files))
    assert done.returncode == 3
    assert all(str(file) in done.stderr for file in files)
    assert "different folders" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("form", ["srt", "vtt", "json"])
def test_several_files_of_a_format_do_not_become_one_broken_one(
    program: Program, form: str
) -> None:
    done = program.run("transcribe", "-f", form, str(BECKETT.path), str(TWO_CITIES.path))
    assert (done.returncode, done.stdout) == (3, "")
    assert "--output-dir" in done.stderr


def test_a_file_without_words_is_told(program: Program, tmp_path: Path) -> None:
    path = tmp_path / "quiet.wav"
    soundfile.write(path, np.zeros(16_000), 16_000)
    done = program.run("transcribe", str(path))
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == 'No speech was found in "quiet.wav".\n'


async def test_what_was_recognised_before_a_failure_is_kept(program: Program) -> None:
    async def breaks_off(stream: ServedStream) -> None:
        await stream.hear(16_000)
        await stream.say(final("These words came through.", processed_s=1.0))
        await stream.abort(grpc.StatusCode.INVALID_ARGUMENT, "No more.")

    async with serve_riva(breaks_off) as server:
        environ = program.environ(RIVA_HOST="127.0.0.1", RIVA_PORT=str(server.port))
        done = await asyncio.to_thread(
            program.run, "transcribe", str(BECKETT.path), environ=environ
        )
    assert done.returncode == 5
    assert done.stdout == "These words came through.\n"
    assert "No more." in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_last_words_are_kept_when_it_is_stopped(
    mock_program: Program, tmp_path: Path, number: signal.Signals
) -> None:
    output, saved = tmp_path / "out.jsonl", tmp_path / "saved.txt"
    source = f"file:{TWO_CITIES.path}"
    child = mock_program.start(
        "live", "--source", source, "--format", "jsonl", "--save", str(saved), output=output
    )
    mock_program.wait_for(
        lambda: '"partial"' in output.read_text(encoding="utf-8"), what="nothing was said"
    )
    assert mock_program.interrupt(child, number) == 130
    assert saved.read_text(encoding="utf-8").strip()
    assert '"transcription"' in output.read_text(encoding="utf-8").splitlines()[-1]
    assert "Error" not in output.with_suffix(".err").read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is Linux's")
def test_a_file_that_may_not_be_read_does_not_keep_the_others_from_their_turn(
    mock_program: Program, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.wav"
    secret.touch(mode=0o000)
    # Root reads everything, unless it gives that up.
    command = shlex.join(mock_program.command("transcribe", str(secret), str(BECKETT.path)))
    command = f"setpriv --bounding-set -dac_override,-dac_read_search {command}"
    done = _in_shell(mock_program, command)
    assert done.returncode == 11, done.stderr
    assert "may not be read" in done.stderr
    assert done.stdout.strip()


def _only_error(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    (line,) = done.stdout.splitlines()
    event: dict[str, Any] = json.loads(line)
    assert (event["type"], event["segment_id"]) == ("error", 0)
    assert f"Error: {event['error']}" in " ".join(done.stderr.split())
    return event


@pytest.mark.parametrize(
    ("arguments", "category"),
    [
        (("--source", "file:/nonexistent.wav"), "input_file"),
        (("--export", "talk.doc"), "configuration"),
        (("--metrics-port", "0", "--metrics-token-file", "/nonexistent"), "configuration"),
    ],
)
def test_what_keeps_captions_from_beginning_is_an_event_for_programs(
    mock_program: Program, arguments: tuple[str, ...], category: str
) -> None:
    done = mock_program.run("live", "--format", "jsonl", *arguments)
    assert done.returncode != 0
    event = _only_error(done)
    assert (event["category"], event["retryable"]) == (category, False)


def test_settings_that_make_no_sense_are_an_event_for_programs(mock_program: Program) -> None:
    environ = mock_program.environ(RIVA_PORT="many")
    done = mock_program.run("live", "--format", "jsonl", environ=environ)
    assert done.returncode == 3
    assert _only_error(done)["category"] == "configuration"
    done = mock_program.run("live", environ=environ)
    assert (done.returncode, done.stdout) == (3, "")


def test_a_port_that_is_taken_is_an_event_for_programs(mock_program: Program) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = mock_program.run("live", "--format", "jsonl", "--metrics-port", port)
    assert done.returncode == 7
    assert _only_error(done)["category"] == "unavailable"


@pytest.mark.parametrize("reader", ["> /dev/full", "| true; exit ${PIPESTATUS[0]}"])
def test_the_event_of_an_error_may_find_no_reader(mock_program: Program, reader: str) -> None:
    line = f"captioner live --source file:/nonexistent.wav --format jsonl {reader}"
    done = _in_shell(mock_program, line)
    assert done.returncode == 11, done.stderr
    assert done.stderr.count("Error: ") == 1
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
