"""``--server`` and its companions, with a real server, a key, and a look at the processes."""

from __future__ import annotations

import asyncio
import json
import wave
from pathlib import Path

import psutil
import pytest
import trustme

from captioner.cli.exit_codes import ExitCode
from captioner.core.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from tests.cli.test_config import KEY, assert_nowhere
from tests.support.program import Program
from tests.support.riva_server import ServedStream, final, serve_riva
from tests.support.scripted_source import tone


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Half a second of sound."""
    path = tmp_path / "clip.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(BYTES_PER_SAMPLE)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(tone(0, SAMPLE_RATE // 2))
    return path


@pytest.mark.parametrize("command", ["live", "transcribe"])
async def test_the_options_lead_to_the_server(
    program: Program, authority: trustme.CA, clip: Path, tmp_path: Path, command: str
) -> None:
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    command_lines: list[list[str]] = []

    async def say_hello(stream: ServedStream) -> None:
        command_lines.extend(
            process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])
        )
        await stream.hear_all()
        await stream.say(final("Hello."))

    async with serve_riva(say_hello, authority=authority, token=KEY) as server:
        file = str(clip)
        sound = ["--source", f"file:{file}"] if command == "live" else [file]
        options = ["--server", f"localhost:{server.port}", "--tls", "--ca-file", str(ca_file)]
        options += ["--model", "parakeet", "--language", "de-DE"]
        environ = program.environ(RIVA_API_KEY=KEY, RIVA_SSL="false", RIVA_MODEL="other")
        done = await asyncio.to_thread(
            program.run, "--verbose", command, *sound, *options, environ=environ
        )
    assert done.returncode == 0, done.stderr
    assert "Hello." in done.stdout
    (stream,) = server.streams
    assert stream.config is not None
    assert stream.config.config.model == "parakeet"
    assert stream.config.config.language_code == "de-DE"
    assert stream.metadata["authorization"] == f"Bearer {KEY}"
    assert any(command in line for line in command_lines)
    assert not any(KEY in part for line in command_lines for part in line)
    assert KEY not in done.stdout + done.stderr
    assert_nowhere(program.profile, KEY)


@pytest.mark.parametrize("command", ["live", "gui", "transcribe"])
def test_a_server_that_makes_no_sense_is_refused_at_once(program: Program, command: str) -> None:
    file = ["clip.wav"] if command == "transcribe" else []
    done = program.run(command, *file, "--server", "http://riva")
    assert done.returncode == ExitCode.CONFIGURATION
    assert "HOST:PORT" in done.stderr


async def test_insecure_settings_are_named_in_the_log(program: Program) -> None:
    arguments = ["live", "--source", "file:/nonexistent.wav", "--server", "riva.example:1"]
    done = await asyncio.to_thread(program.run, *arguments)
    assert done.returncode == ExitCode.INPUT_FILE
    said = "riva.example:1: The connection is not encrypted"
    assert said in done.stderr
    log = (program.profile / "logs" / "captioner.log").read_text(encoding="utf-8")
    assert said in log


def test_a_key_is_not_sent_in_plain_text_unless_that_server_may_have_it(
    program: Program, clip: Path
) -> None:
    """The port of the server that is not there is not dialled for the first of them."""
    program.profile.mkdir()
    endpoint: dict[str, object] = {"host": "192.0.2.1", "port": 50051, "proxy": "none"}
    settings = {
        "endpoints": [endpoint],
        "connection": {"max_retries": 1, "embedded_fallback": False},
    }
    file = program.profile / "settings.json"
    environ = program.environ(RIVA_API_KEY=KEY, RIVA_TIMEOUT_MS="300")
    command = ("live", "--source", f"file:{clip}")
    file.write_text(json.dumps(settings), encoding="utf-8")
    refused = program.run(*command, environ=environ)
    assert refused.returncode == ExitCode.CONFIGURATION
    assert "is not sent" in refused.stderr
    endpoint["allow_plaintext_key"] = True
    file.write_text(json.dumps(settings), encoding="utf-8")
    tried = program.run(*command, environ=environ)
    assert tried.returncode == ExitCode.UNAVAILABLE
    assert "The key may travel unencrypted" in tried.stderr
    assert KEY not in refused.stderr + tried.stderr
