"""`captioner loadtest`, as a person or a script runs it."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import grpc
import pytest

from captioner.cli.exit_codes import ExitCode
from captioner.cli.main import main
from captioner.core.errors import InputFileError
from captioner.measure.reading import read_result
from captioner.measure.result import Kind
from captioner.measure.sound import recordings
from tests.measure.speech import recognise, write_speech
from tests.support.program import Program
from tests.support.riva_server import ServedStream, serve_riva


async def test_the_result_and_the_exit_code_tell_the_same(program: Program, tmp_path: Path) -> None:
    speech = write_speech(tmp_path / "speech.wav")
    async with serve_riva(recognise) as server:
        done = await asyncio.to_thread(
            program.run,
            *("loadtest", "--endpoint", f"127.0.0.1:{server.port}", "--streams", "2"),
            *("--duration", "500ms", "--ramp", "0s", "--chunk", "100ms"),
            *("--limit-p95", "1", "--limit-errors", "0", "--out", str(tmp_path / "out")),
            str(speech),
        )
    assert done.returncode == ExitCode.FAULT, done.stderr
    assert "BROKEN" in done.stdout
    (written,) = (tmp_path / "out").glob("*.json")
    found = read_result(written)
    assert found.kind is Kind.LOAD
    assert found.audio == ("speech.wav",)
    assert [check.passed for check in found.checks] == [False, True]
    assert not found.passed


async def test_ctrl_c_ends_it_in_order_and_prints_what_there_is(
    program: Program, tmp_path: Path
) -> None:
    heard = asyncio.Event()

    async def tell(stream: ServedStream) -> None:
        heard.set()
        await recognise(stream)

    output = tmp_path / "result.json"
    async with serve_riva(tell) as server:
        child = program.start(
            *("loadtest", "--endpoint", f"127.0.0.1:{server.port}", "--json"),
            str(write_speech(tmp_path / "speech.wav")),
            output=output,
        )
        await asyncio.wait_for(heard.wait(), 20)
        code = await asyncio.to_thread(program.interrupt, child, signal.SIGINT)
        assert server.streams[0].half_closed
    assert code == ExitCode.INTERRUPTED
    assert not read_result(output).is_complete


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--chunk", "5s"], ExitCode.CONFIGURATION, "20ms to 1s"),
        (["--duration", "soon"], ExitCode.CONFIGURATION, "no span of time"),
        (["--embedded", "--endpoint", "riva:1"], ExitCode.CONFIGURATION, "Leave one of them out"),
        (["--out", __file__], ExitCode.CONFIGURATION, "Nothing can be written into"),
        (["--limit-wer", "5", "--duration", "9s"], ExitCode.CONFIGURATION, "--duration 47s"),
        (["--find-capacity"], ExitCode.CONFIGURATION, "--limit-final-p95"),
        (["--endpoint", "127.0.0.1:1"], ExitCode.UNAVAILABLE, "127.0.0.1:1"),
        (["missing.wav"], ExitCode.INPUT_FILE, "missing.wav"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_fix(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: list[str],
    code: ExitCode,
    said: str,
) -> None:
    assert main(["--profile-dir", str(tmp_path), "loadtest", *arguments]) == code
    told = capsys.readouterr().err
    assert said in told
    assert "Fix:" in told


async def test_an_empty_reference_is_refused(tmp_path: Path) -> None:
    speech = write_speech(tmp_path / "speech.wav")
    speech.with_suffix(".txt").write_text("\n", encoding="utf-8")
    with pytest.raises(InputFileError, match=r"speech\.txt"):
        await recordings([speech], chunk_ms=100)


def test_many_streams_get_room_or_are_refused_with_a_number_that_fits() -> None:
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (128, 500));"
        "from captioner.measure.open_files import make_room; make_room(200, '--streams');"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE)); make_room(300, '--streams')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert done.stdout == "(464, 500)\n"
    assert "300 streams need 664 open files, and the system allows 500" in done.stderr


async def test_a_server_that_refuses_every_stream_is_an_error_of_its_own(
    program: Program, tmp_path: Path
) -> None:
    async def refuse(stream: ServedStream) -> None:
        await stream.abort(grpc.StatusCode.INVALID_ARGUMENT, "no such thing")

    async with serve_riva(refuse) as server:
        done = await asyncio.to_thread(
            program.run,
            *("loadtest", "--endpoint", f"127.0.0.1:{server.port}", "--streams", "3"),
            *("--ramp", "0s", str(write_speech(tmp_path / "speech.wav"))),
        )
    assert done.returncode == ExitCode.REQUEST, done.stderr
    assert "no such thing" in done.stderr


def test_an_embedded_engine_is_started_with_room_for_all(
    mock_program: Program, tmp_path: Path
) -> None:
    speech = write_speech(tmp_path / "speech.wav")
    done = mock_program.run(
        *("loadtest", "--embedded", "--streams", "10", "--ramp", "0s", "--duration", "300ms"),
        *("--limit-errors", "0", str(speech)),
    )
    assert "kept  broken streams: 0" in done.stdout, done.stderr
    assert "The words are scripted" in done.stdout
