"""The command: it serves until it is asked to end, and then in order."""

from __future__ import annotations

import asyncio
import re
import signal
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from captioner.cli.exit_codes import ExitCode
from tests.support.bridge import TOKEN, talker_at
from tests.support.coded_speech import speak
from tests.support.metrics import announced_url, scrape
from tests.support.program import Program


async def test_it_prints_its_address_and_ends_with_the_last_words(
    mock_program: Program, tmp_path: Path
) -> None:
    output = tmp_path / "address"
    child = mock_program.start(
        "bridge",
        "--max-clients",
        "1",
        "--metrics-port",
        "0",
        output=output,
        environ=mock_program.environ(
            CAPTIONER_BRIDGE_TOKEN=TOKEN, APP_PORT="0", WS_MAX_CONNECTIONS="9"
        ),
    )
    await asyncio.to_thread(
        mock_program.wait_for, lambda: output.read_text().endswith("\n"), what="no address"
    )
    found = re.fullmatch(r"http://(127\.0\.0\.1:\d+)/#token=(\S+)\n", output.read_text())
    assert found is not None
    assert found[2] == TOKEN
    async with talker_at(f"ws://{found[1]}/ws/transcribe?client_id=desk") as talker:
        await talker.say("start_recording")
        await talker.send(speak(2).pcm)
        await talker.hear("partial")
        with pytest.raises(InvalidStatus, match="503"):
            async with talker_at(f"ws://{found[1]}/ws/transcribe"):
                pass
        url = announced_url(output.with_suffix(".err"))
        figures = await asyncio.to_thread(scrape, url)
        assert figures["captioner_bridge_recordings"] == figures["captioner_bridge_clients"] == 1
        assert figures["captioner_audio_captured_seconds_total"] > 0
        code = asyncio.create_task(asyncio.to_thread(mock_program.interrupt, child, signal.SIGTERM))
        stopped = await talker.hear("recording_stopped")
        assert stopped["final_transcript"]
        await talker.connection.wait_closed()
        assert talker.connection.close_code == 1001
        assert await code == ExitCode.INTERRUPTED
    logs = "".join(file.read_text() for file in (mock_program.profile / "logs").iterdir())
    assert logs
    assert TOKEN not in logs
    assert stopped["final_transcript"] not in logs
    errors = output.with_suffix(".err").read_text()
    assert f"ws://{found[1]}/ws/transcribe" in errors
    assert TOKEN not in errors


def test_an_open_address_without_a_certificate_is_refused(program: Program) -> None:
    done = program.run("bridge", "--host", "0.0.0.0", "--port", "0")  # noqa: S104  # refused
    assert (done.returncode, done.stdout) == (ExitCode.CONFIGURATION, "")
    assert "without encryption" in " ".join(done.stderr.split())


def test_a_limit_of_the_environment_that_makes_no_sense_is_told(program: Program) -> None:
    done = program.run("bridge", environ=program.environ(WS_MAX_MESSAGE_SIZE_MB="much"))
    assert done.returncode == ExitCode.USAGE
    assert "WS_MAX_MESSAGE_SIZE_MB" in done.stderr
