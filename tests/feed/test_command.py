"""The command: captions without a window, to whoever has the address that it prints."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from captioner.cli.exit_codes import ExitCode
from captioner.transcript.contract import feed_schema
from tests.support.chromium import chromium
from tests.support.clips import clip_folder
from tests.support.feed import LIMIT_S, TOKEN, heard
from tests.support.metrics import announced_url, scrape
from tests.support.program import Program


async def test_it_serves_what_it_hears_and_prints_the_address(
    mock_program: Program, tmp_path: Path
) -> None:
    output = tmp_path / "address"
    clip = clip_folder() / "two_cities.wav"
    child = mock_program.start(
        "feed",
        "--source",
        f"file:{clip}",
        "--port",
        "0",
        "--metrics-port",
        "0",
        output=output,
        environ=mock_program.environ(CAPTIONER_FEED_TOKEN=TOKEN),
    )
    await asyncio.to_thread(
        mock_program.wait_for, lambda: output.read_text().endswith("\n"), what="no address"
    )
    found = re.fullmatch(r"http://(127\.0\.0\.1:\d+)/#token=(\S+)\n", output.read_text())
    assert found is not None
    assert found[2] == TOKEN
    async with connect(
        f"ws://{found[1]}/ws/captions",
        additional_headers={"Authorization": f"Bearer {found[2]}"},
        proxy=None,
    ) as client:
        events: list[dict[str, Any]] = []
        while not events or events[-1]["type"] != "transcription":
            events.append(await heard(client))
        assert events[0]["type"] == "connection"
        assert {event["type"] for event in events[1:-1]} <= {"partial"}
        assert len({event["segment_id"] for event in events[1:]}) == 1
        figures = scrape(announced_url(output.with_suffix(".err")))
        assert figures["captioner_feed_clients"] == 1
        assert figures["captioner_captions_total{final}"] >= 1
        async with chromium(tmp_path) as tab:
            await tab.open(found[0].strip())
            await tab.wait_for(
                f"document.body.innerText.includes({json.dumps(events[-1]['text'])})"
            )
            assert tab.complaints == []
        code = await asyncio.to_thread(mock_program.interrupt, child)
        assert code == ExitCode.INTERRUPTED
        async with asyncio.timeout(LIMIT_S):
            await client.wait_closed()
        assert client.close_code == 1001
    logs = "".join(file.read_text() for file in (mock_program.profile / "logs").iterdir())
    assert logs
    assert TOKEN not in logs
    assert events[-1]["text"] not in logs


@pytest.mark.parametrize(
    ("arguments", "environ", "code", "told"),
    [
        (["--host", "0.0.0.0"], {}, ExitCode.CONFIGURATION, "without encryption"),  # noqa: S104
        ([], {"CAPTIONER_FEED_TOKEN": "short"}, ExitCode.CONFIGURATION, "16 characters"),
        (["--token-file", "gone"], {}, ExitCode.CONFIGURATION, "cannot be read"),
        (["--feed-cert", "gone.pem"], {}, ExitCode.TLS, "gone.pem cannot be read"),
        (["--port", "{taken}"], {}, ExitCode.UNAVAILABLE, "in use by another program"),
    ],
)
def test_what_keeps_it_from_serving_is_said(
    program: Program, arguments: list[str], environ: dict[str, str], code: ExitCode, told: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = program.run(
            "feed",
            *(argument.format(taken=port) for argument in arguments),
            environ=program.environ(**{"CAPTIONER_FEED_TOKEN": TOKEN, **environ}),
        )
    assert (done.returncode, done.stdout) == (code, "")
    assert told in " ".join(done.stderr.split())
    assert "short" not in done.stderr


def test_it_prints_the_schema(program: Program) -> None:
    done = program.run("feed", "--schema")
    assert json.loads(done.stdout) == feed_schema()
