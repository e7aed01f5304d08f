"""What the examination of a server says, step by step, in the order in which it happens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trustme

from captioner.core.health import EndpointState, ProbeKind, ProbeOutcome
from captioner.riva.models import ServerModel
from captioner.session.examination import ExaminedEndpoint, examine
from captioner.settings.endpoints import EndpointSettings
from captioner.settings.models import Settings
from captioner.settings.recognition import RecognitionSettings
from captioner.settings.secrets import SecretStore
from tests.support.riva_server import ServedStream, serve_riva
from tests.support.tcp_server import free_port, serve_tcp
from tests.support.wait import nothing_left

ENGLISH = Settings()
KEY = "a key of the tests"
GOOD = {True: "+", False: "-", None: "o"}


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(_store: SecretStore, _server: str) -> None:
        return None

    monkeypatch.setattr(SecretStore, "get", nothing)


async def hear(stream: ServedStream) -> None:
    await stream.hear_all()


def told(found: ExaminedEndpoint) -> list[str]:
    return [f"{GOOD[step.is_good]} {step.kind}" for step in found.steps]


async def test_each_step_is_told_when_it_begins_and_when_it_ends(
    authority: trustme.CA, ca_file: str
) -> None:
    seen: list[tuple[ProbeKind, ProbeOutcome | None]] = []
    async with nothing_left(), serve_riva(hear, authority=authority, token=KEY) as server:
        at = EndpointSettings(
            host="localhost", port=server.port, tls=True, ca_file=ca_file, api_key=KEY, http_port=1
        )
        found = await examine(at, ENGLISH, thorough=True, progress=lambda *step: seen.append(step))
    assert told(found) == [
        "+ name",
        "+ connection",
        "+ encryption",
        "+ gRPC health",
        "+ models",
        "+ key",
        "+ time of a call",
        "o HTTP readiness",
        "+ model and language",
        "+ certificate",
    ]
    assert [outcome for _, outcome in seen if outcome] == list(found.steps)
    begun = [kind for kind, outcome in seen if outcome is None]
    assert begun[:2] == [ProbeKind.NAME, ProbeKind.CONNECTION]
    assert found.health.state is EndpointState.READY
    assert found.is_usable
    assert server.streams == [], "no audio is sent"
    assert all(KEY not in step.said + step.fix for step in found.steps)


async def test_a_model_or_a_language_that_is_not_there_is_the_verdict() -> None:
    models = (ServerModel("parakeet", "en-US"),)
    german = Settings(recognition=RecognitionSettings(language="de-DE"))
    async with serve_riva(hear, models=models) as server:
        at = EndpointSettings(host="127.0.0.1", port=server.port, http_port=1)
        language = await examine(at, german, thorough=True)
        model = await examine(at.model_copy(update={"model": "canary"}), ENGLISH, thorough=True)
    assert told(language)[-1] == "- model and language"
    assert language.health.state is EndpointState.DOWN
    assert not language.is_usable
    assert "does not recognise the language de-DE" in language.health.reason
    assert "has no model canary" in model.health.reason
    assert "parakeet (en-US)" in model.health.fix


async def test_the_step_that_fails_is_the_one_that_is_blamed(
    authority: trustme.CA, ca_file: str
) -> None:
    async def blamed(**server: object) -> str:
        found = await examine(EndpointSettings(http_port=1, **server), ENGLISH, thorough=True)
        bad = [step.kind for step in found.steps if step.is_good is False]
        assert not found.is_usable
        assert len(bad) == 1, told(found)
        return bad[0]

    async def hang_up(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    assert await blamed(host="riva.invalid") == ProbeKind.NAME
    assert await blamed(host="localhost", port=free_port()) == ProbeKind.CONNECTION
    async with serve_tcp(hang_up) as port:
        assert await blamed(host="127.0.0.1", port=port) == ProbeKind.PROTOCOL
    async with serve_riva(hear, authority=authority, token=KEY) as server:
        at = {"host": "127.0.0.1", "port": server.port}
        assert await blamed(**at) == ProbeKind.ENCRYPTION
        assert await blamed(**at, tls=True) == ProbeKind.ENCRYPTION
        missing = await blamed(**at, tls=True, ca_file="/nonexistent.pem")
        assert missing == ProbeKind.ENCRYPTION
        assert await blamed(**at, tls=True, ca_file=ca_file) == ProbeKind.KEY
        assert await blamed(**at, tls=True, ca_file=ca_file, api_key="x") == ProbeKind.KEY
        unsendable = await blamed(**at, tls=True, ca_file=ca_file, api_key="schl\u00fcssel")
        assert unsendable == ProbeKind.KEY


@asynccontextmanager
async def silent_server() -> AsyncIterator[int]:
    async def silence(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async with serve_tcp(silence) as port:
        yield port


async def test_it_takes_no_longer_than_it_may() -> None:
    async with silent_server() as port:
        begun = time.monotonic()
        at = EndpointSettings(host="127.0.0.1", port=port, http_port=port)
        found = await examine(at, ENGLISH, thorough=True, limit_s=0.3)
        assert time.monotonic() - begun < 2
    assert found.health.state is EndpointState.DOWN
    assert "could not be examined within 0.3 seconds" in found.health.reason
    assert told(found) == ["+ connection"]


async def test_it_can_be_given_up() -> None:
    async with silent_server() as port, nothing_left():
        begun = asyncio.Event()
        at = EndpointSettings(host="127.0.0.1", port=port, http_port=port)
        asking = asyncio.create_task(
            examine(at, ENGLISH, thorough=True, progress=lambda *_: begun.set())
        )
        await begun.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking


async def test_a_server_without_room_is_told_from_one_that_is_not_there() -> None:
    async with serve_riva(hear, overload="all streams are in use") as server:
        at = EndpointSettings(host="127.0.0.1", port=server.port, http_port=1)
        found = await examine(at, ENGLISH, thorough=True)
    assert found.health.state is EndpointState.DOWN
    assert "no room for another stream: all streams are in use" in found.health.reason
