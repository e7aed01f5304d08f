"""Clients that break the rules: each is refused by the book, and the others go on."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr
from websockets.exceptions import ConnectionClosed, InvalidStatus

from captioner.bridge.bridge import Bridge
from captioner.core.errors import ConfigurationError
from captioner.web import server as web_server
from tests.support.bridge import LIMIT_S, TOKEN, ServedBridge, Talker, serve_bridge, settings_for
from tests.support.coded_recogniser import recognise
from tests.support.coded_speech import speak
from tests.support.riva_server import serve_riva


@pytest.fixture
async def served() -> AsyncIterator[ServedBridge]:
    """A bridge that another client uses all the while, and that must still work at the end."""
    speech = speak(1, seed=1)
    async with (
        serve_riva(recognise) as riva,
        serve_bridge(settings_for(riva.port, max_clients=3)) as running,
        running.talker(query="?client_id=witness") as witness,
    ):
        await witness.hear("connection")
        await witness.say("start_recording")
        await witness.hear("recording_started")
        yield running
        await witness.send(speech.pcm)
        await witness.say("stop_recording")
        stopped = await witness.hear("recording_stopped")
        assert stopped["total_segments"] == len(speech.utterances)
        assert not [event for event in witness.events if event["type"] == "error"]


async def asked(served: ServedBridge, path: str, *lines: str) -> bytes:
    """Return the whole answer to a plain request."""
    parts = urlsplit(served.address.socket_url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = (f"GET {path} HTTP/1.1", f"Host: {parts.netloc}", *lines, "", "")
    writer.write("\r\n".join(head).encode())
    async with asyncio.timeout(LIMIT_S):
        answer = await reader.read()
    writer.close()
    return answer


async def refused(talker: Talker) -> str:
    """Return the code of the next error."""
    code: str = (await talker.hear("error"))["code"]
    return code


async def test_strangers_are_refused(served: ServedBridge) -> None:
    for token, origin, query, status in (
        ("wrong", None, "", 401),
        (TOKEN, "https://evil.example", "", 403),
        (TOKEN, None, f"?token={TOKEN}", 400),
    ):
        with pytest.raises(InvalidStatus) as error:
            async with served.talker(token=token, origin=origin, query=query):
                pass
        assert error.value.response.status_code == status
    async with served.talker(), served.talker():
        with pytest.raises(InvalidStatus) as error:
            async with served.talker():
                pass
    assert error.value.response.status_code == 503


async def test_nothing_is_served_to_others_without_encryption() -> None:
    settings = settings_for(1, host="0.0.0.0")  # noqa: S104  # refused
    with pytest.raises(ConfigurationError, match="without encryption") as error:
        await Bridge(settings, SecretStr(TOKEN)).start()
    assert "bridge.tls_cert" in error.value.hint


async def test_messages_that_make_no_sense_are_answered(served: ServedBridge) -> None:
    async with served.talker() as talker:
        for nonsense in (
            *("{", "[]", "7", '"ping"', "null", "{}", '{"type": 7}', '{"type": "sing"}'),
            "[" * 5000,
        ):
            await talker.connection.send(nonsense)
            assert await refused(talker) == "BAD_MESSAGE"
        await talker.say("ping")
        await talker.hear("pong")


async def test_a_wrong_order_is_answered(served: ServedBridge) -> None:
    async with served.talker() as talker:
        await talker.say("stop_recording")
        assert await refused(talker) == "NOT_RECORDING"
        for _ in range(3):
            await talker.connection.send(bytes(3200))
        await talker.say("ping")
        await talker.hear("pong")
        codes = [event.get("code") for event in talker.events if event["type"] == "error"]
        assert codes == ["NOT_RECORDING"] * 2  # of audio it is said once
        await talker.say("start_recording")
        await talker.say("start_recording")
        assert await refused(talker) == "ALREADY_RECORDING"
        await talker.connection.send(bytes(3201))
        assert await refused(talker) == "ODD_AUDIO"
        await talker.connection.send(json.dumps({"type": "stop_recording"}).encode())
        assert await refused(talker) == "TEXT_AS_BINARY"
        await talker.connection.send(bytes(3200))
        await talker.say("stop_recording")
        assert (await talker.hear("recording_stopped"))["total_duration"] == 0.1


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ([bytes(2**20 + 2)], 1009),
        ([bytes(2**19), bytes(2**18)], 1008),  # audio of 24 seconds at once
        ([b"\0\0"] * 600, 1008),
        (['{"type":"ping"}'] * 30, 1008),
    ],
)
async def test_too_much_ends_the_connection(
    served: ServedBridge, messages: list[str | bytes], code: int
) -> None:
    async with served.talker() as talker:
        await talker.say("start_recording")
        await talker.hear("recording_started")
        with contextlib.suppress(ConnectionClosed):
            for message in messages:
                await talker.connection.send(message)
            while True:
                await talker.hear()
        assert talker.connection.close_code == code
        assert (talker.events[-1].get("code") == "TOO_MUCH") is (code == 1008)


async def test_health_is_open_and_figures_want_the_token(served: ServedBridge) -> None:
    head, _, body = (await asked(served, "/healthz")).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert json.loads(body) == {"status": "ok"}
    stranger = await asked(served, "/metrics")
    assert stranger.startswith(b"HTTP/1.1 401")
    assert b"WWW-Authenticate: Bearer" in stranger
    assert b"Authorization: Bearer <token>" in stranger
    assert b"WebSocket" not in stranger
    async with served.talker() as talker:
        await talker.hear()
        await talker.connection.send("{")
        await refused(talker)
        head, _, body = (
            await asked(served, "/metrics", f"Authorization: Bearer {TOKEN}")
        ).partition(b"\r\n\r\n")
    assert b"text/plain; version=" in head
    figures = dict(line.rsplit(" ", 1) for line in body.decode().splitlines() if line[0] != "#")
    assert figures["captioner_bridge_clients"] == "2.0"
    assert figures["captioner_audio_captured_seconds_total"] == "0.0"
    assert figures["captioner_bridge_recordings"] == "1.0"
    assert figures['captioner_bridge_errors_total{code="BAD_MESSAGE"}'] == "1.0"
    assert (await asked(served, "/nothing")).startswith(b"HTTP/1.1 404")


async def test_without_a_recogniser_health_says_so() -> None:
    async with serve_riva(recognise) as riva:
        port = riva.port
    async with serve_bridge(settings_for(port)) as served, served.talker() as talker:
        await talker.say("start_recording")
        await talker.send(bytes(32_000))
        assert await refused(talker) == "NO_RECOGNISER"
        assert b'"degraded"' in await asked(served, "/healthz")


async def test_whoever_dawdles_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_server, "_OPEN_LIMIT_S", 0.5)
    async with (
        serve_riva(recognise) as riva,
        serve_bridge(settings_for(riva.port, ping_interval_s=1)) as served,
        served.talker() as witness,
    ):
        parts = urlsplit(served.address.socket_url)
        head = (
            f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: captioner.v1, token.{TOKEN}\r\n"
        ).encode()
        # One never ends its request, the other its first frame of audio.
        for sent in (head, head + b"\r\n\x82\xfe\x0c\x80\0\0\0\0\x01"):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            writer.write(sent)
            async with asyncio.timeout(LIMIT_S):
                while await reader.read(1000):
                    pass
            writer.close()
        await witness.say("ping")
        await witness.hear("pong")


async def test_how_much_is_too_much_is_a_setting() -> None:
    async with (
        serve_riva(recognise) as riva,
        serve_bridge(settings_for(riva.port, max_message_mb=0.01)) as running,
        running.talker() as talker,
    ):
        await talker.say("start_recording")
        await talker.hear("recording_started")
        await talker.connection.send(bytes(10_002))
        with contextlib.suppress(ConnectionClosed):
            while True:
                await talker.hear()
        assert talker.connection.close_code == 1009
