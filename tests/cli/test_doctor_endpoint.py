"""``captioner doctor --endpoint``: all that can be known of a server, for people and programs."""

from __future__ import annotations

import asyncio
import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from captioner.riva.models import ServerModel
from tests.support.program import Program
from tests.support.riva_server import ServedStream, serve_riva
from tests.support.tcp_server import free_port, http_answer, serve_tcp

MODELS = (ServerModel("parakeet", "en-US"), ServerModel("parakeet", "en-US", kind="offline"))
NIM_READY = http_answer(200, '{"status":"ready"}')
NO_KEYRING = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}


async def hear(stream: ServedStream) -> None:
    await stream.hear_all()


async def run(
    program: Program, *arguments: str, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run the doctor beside the server, which lives in this loop."""
    around = program.environ(**(NO_KEYRING | {"COLUMNS": "250"} | environ))
    return await asyncio.to_thread(program.run, "doctor", "--endpoint", *arguments, environ=around)


async def records(
    program: Program, *arguments: str, code: int = 0, **environ: str
) -> list[dict[str, Any]]:
    """Return the report as programs read it."""
    done = await run(program, "--json", *arguments, **environ)
    assert done.returncode == code, done.stderr
    report = json.loads(done.stdout)
    assert report["ok"] == (code == 0)
    found = report["endpoints"]
    assert isinstance(found, list)
    return found


async def test_all_that_is_known_of_a_server_is_told(
    program: Program, authority: trustme.CA, tmp_path: Path
) -> None:
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    end = datetime.now(UTC) + timedelta(days=10, hours=1)
    validity = (datetime.now(UTC) - timedelta(days=1), end)
    async with (
        serve_riva(hear, authority=authority, validity=validity, models=MODELS) as server,
        serve_tcp(NIM_READY) as http_port,
    ):
        around = {
            "RIVA_HOST": "127.0.0.1",
            "RIVA_PORT": str(server.port),
            "RIVA_SSL": "true",
            "RIVA_SSL_CERT": str(ca_file),
            "RIVA_HTTP_PORT": str(http_port),
        }
        done = await run(program, **around)
        (record,) = await records(program, **around)
    assert done.returncode == 0, done.stderr
    name = f"127.0.0.1:{server.port}"
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines[0].startswith(f"ok Server: {name} {name} is ready: parakeet (en-US). (")
    assert lines[0].endswith(" ms a call)")
    assert lines[1:6] == [
        f"ok connection Port {server.port} is open.",
        "ok encryption The certificate is in order.",
        "ok gRPC health SERVING",
        "ok models parakeet (en-US)",
        "ok key No key is set, and it wants none.",
    ]
    assert lines[6].startswith("ok time of a call It takes ")
    assert lines[7:9] == [
        f"ok HTTP readiness Port {http_port} says ready.",
        "ok model and language It recognises en-US as the settings ask for it.",
    ]
    assert lines[9] == (
        f"warning certificate It is valid for 10 more days, until {end:%Y-%m-%d}; "
        "it is for localhost, 127.0.0.1."
    )
    assert lines[10].startswith("Fix: Have it renewed")
    assert lines[11:] == [
        "ok Model parakeet (en-US), for streams",
        "ok Model parakeet (en-US), for whole recordings",
    ]
    assert (record["state"], record["status"], record["fix"]) == ("ready", "ok", "")
    assert record["round_trip_ms"] > 0
    assert record["models"][0] == {"name": "parakeet", "language": "en-US", "kind": "online"}
    assert [probe["name"] for probe in record["probes"]] == [
        "connection",
        "encryption",
        "gRPC health",
        "models",
        "key",
        "time of a call",
        "HTTP readiness",
        "model and language",
        "certificate",
    ]
    assert record["certificate"]["days_left"] == 10
    assert record["error"] is None
    assert server.streams == []


async def test_every_server_of_the_settings_is_asked_or_only_the_named_one(
    program: Program,
) -> None:
    async with serve_riva(hear) as first, serve_tcp(http_answer(404)) as second:
        program.profile.mkdir()
        settings = {
            "endpoints": [
                {"host": "127.0.0.1", "port": first.port, "name": "Good"},
                {"host": "127.0.0.1", "port": second, "name": "Bad"},
            ]
        }
        (program.profile / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
        good, bad = await records(program, code=1)
        (named,) = await records(program, "--server", f"127.0.0.1:{first.port}")
        done = await run(program)
    assert (good["server"], good["state"]) == ("Good", "ready")
    assert (bad["server"], bad["state"], bad["status"]) == ("Bad", "down", "failed")
    assert bad["reason"] == "Bad answers in HTTP, not in gRPC."
    assert bad["error"]["category"] == "protocol"
    assert "RIVA_PORT" in bad["fix"]
    assert named["server"] == "Good"
    assert done.returncode == 1
    assert "Fix: Set the gRPC port (RIVA_PORT)" in done.stdout


async def test_a_server_that_starts_is_no_failure(program: Program) -> None:
    async with serve_tcp(http_answer(503)) as http_port:
        (record,) = await records(
            program, "--server", f"127.0.0.1:{free_port()}", RIVA_HTTP_PORT=str(http_port)
        )
    assert (record["state"], record["status"]) == ("starting", "warning")
    assert "30 minutes" in record["fix"]


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--model", "conformer"), "has no model conformer for streams"),
        (("--language", "fr-FR"), "does not recognise the language fr-FR"),
    ],
)
async def test_a_model_or_language_that_the_server_lacks_is_a_failure(
    program: Program, option: tuple[str, str], said: str
) -> None:
    async with serve_riva(hear, models=MODELS) as server:
        at = ("--server", f"127.0.0.1:{server.port}")
        (record,) = await records(program, *at, *option, code=1)
    assert (record["state"], record["status"]) == ("ready", "failed")
    assert said in record["reason"]
    assert "parakeet (en-US)" in record["fix"]
    error = record["error"]
    assert (error["category"], error["message"]) == ("request", record["reason"])


async def test_what_is_insecure_is_told(program: Program) -> None:
    done = await run(program, "--server", "192.0.2.1:1", RIVA_TIMEOUT_MS="100", RIVA_HTTP_PORT="1")
    assert done.returncode == 1
    assert "warning  Insecure" in done.stdout
    assert "not encrypted" in done.stdout


async def test_without_a_server_there_is_nothing_to_check(program: Program) -> None:
    done = await run(program)
    assert done.returncode == 3
    assert "There is no server to check" in done.stderr
    assert "--server HOST:PORT" in done.stderr


async def test_no_key_is_shown(program: Program) -> None:
    async with serve_riva(hear, token="right-key") as server:  # noqa: S106 - of the test alone
        at = ("--server", f"127.0.0.1:{server.port}")
        done = await run(program, *at, RIVA_API_KEY="wrong-secret-key")
        (record,) = await records(program, *at, code=1, RIVA_API_KEY="wrong-secret-key")
    assert done.returncode == 1
    assert "refused the key" in done.stdout
    assert "wrong-secret-key" not in done.stdout + done.stderr + json.dumps(record)
    assert record["error"]["category"] == "credentials"
