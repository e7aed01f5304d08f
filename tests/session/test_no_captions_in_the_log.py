"""Whoever has only the log file finds in it why there were no captions, and what helps."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme
from pydantic import SecretStr

from captioner.core.audio import SourceLost
from captioner.core.errors import AudioDeviceError
from captioner.core.health import HealthState
from captioner.riva.models import ServerModel
from captioner.session.controller import CaptionSession
from captioner.settings.endpoints import ConnectionSettings, EndpointSettings
from captioner.settings.models import RecognitionSettings, Settings
from captioner.telemetry.logs import register_secret
from tests.session.test_session import echo_progress
from tests.support.clock import ManualClock
from tests.support.json_log import logged_to
from tests.support.riva_server import Handler, ServedStream, partial, serve_riva
from tests.support.scripted_source import ScriptedOpener, ScriptedSource
from tests.support.tcp_server import free_port, http_answer, serve_tcp
from tests.support.wait import until

SPOKEN = "quillfeather"
KEY = "planted-key-2f1c"

Fault = AbstractAsyncContextManager[Settings]


def settings_of(port: int, *, key: str = "", **server: Any) -> Settings:  # noqa: ANN401 - fields of `EndpointSettings`
    if key:
        server |= {"api_key": SecretStr(key), "allow_plaintext_key": True}
    return Settings(
        endpoints=(EndpointSettings(host="127.0.0.1", port=port, **server),),
        connection=ConnectionSettings(
            connect_timeout_s=2.0,
            response_timeout_s=0.5,
            drain_timeout_s=1.0,
            retry_delay_s=0.02,
            embedded_fallback=False,
        ),
    )


@asynccontextmanager
async def nobody_listens() -> AsyncIterator[Settings]:
    yield settings_of(free_port())


@asynccontextmanager
async def http_port() -> AsyncIterator[Settings]:
    async with serve_tcp(http_answer(400)) as port:
        yield settings_of(port)


@asynccontextmanager
async def says_nothing() -> AsyncIterator[Settings]:
    async def hang(stream: ServedStream) -> None:
        await stream.hear_all()

    async with serve_riva(hang) as server:
        yield settings_of(server.port)


@asynccontextmanager
async def wants_tls() -> AsyncIterator[Settings]:
    async with serve_riva(echo_progress, authority=trustme.CA()) as server:
        yield settings_of(server.port)


@asynccontextmanager
async def has_no_tls() -> AsyncIterator[Settings]:
    async with serve_riva(echo_progress) as server:
        yield settings_of(server.port, tls=True)


@asynccontextmanager
async def unknown_authority() -> AsyncIterator[Settings]:
    async with serve_riva(echo_progress, authority=trustme.CA()) as server:
        yield settings_of(server.port, tls=True)


@asynccontextmanager
async def wrong_key() -> AsyncIterator[Settings]:
    async with serve_riva(echo_progress, token=KEY[::-1]) as server:
        yield settings_of(server.port, key=KEY)


def ends_with(code: grpc.StatusCode, details: str) -> Handler:
    async def handler(stream: ServedStream) -> None:
        await stream.hear(1)
        await stream.say(partial(SPOKEN))
        await stream.abort(code, details)

    return handler


@asynccontextmanager
async def unknown_model() -> AsyncIterator[Settings]:
    details = "Model nemo is not available on server"
    async with serve_riva(ends_with(grpc.StatusCode.INVALID_ARGUMENT, details)) as server:
        settings = settings_of(server.port)
        yield settings.model_copy(update={"recognition": RecognitionSettings(model="nemo")})


@asynccontextmanager
async def unknown_language() -> AsyncIterator[Settings]:
    details = "Error: Unavailable model requested given these parameters: language_code=de"
    models = (ServerModel("scripted-en-us", "en-US"),)
    handler = ends_with(grpc.StatusCode.INVALID_ARGUMENT, details)
    async with serve_riva(handler, models=models) as server:
        settings = settings_of(server.port)
        yield settings.model_copy(update={"recognition": RecognitionSettings(language="de-DE")})


@asynccontextmanager
async def no_room() -> AsyncIterator[Settings]:
    handler = ends_with(grpc.StatusCode.RESOURCE_EXHAUSTED, "no sequence slot is free")
    async with serve_riva(handler) as server:
        yield settings_of(server.port)


FAULTS: dict[str, tuple[Callable[[], Fault], str, str, str]] = {
    "nobody listens": (
        nobody_listens,
        "the connection is refused",
        "Check the port",
        "unavailable",
    ),
    "an HTTP port": (http_port, "answers in HTTP, not in gRPC", "RIVA_PORT", "protocol"),
    "a server that says nothing": (
        says_nothing,
        "hears speech but has not answered",
        "made anew",
        "unavailable",
    ),
    "a server that wants TLS": (wants_tls, "wants an encrypted connection", "RIVA_SSL=true", "tls"),
    "a server without TLS": (has_no_tls, "not over TLS", "RIVA_SSL=false", "tls"),
    "an unknown authority": (unknown_authority, "is not trusted here", "RIVA_SSL_CERT", "tls"),
    "a wrong key": (wrong_key, "refused the key", "Check the API key", "credentials"),
    "an unknown model": (unknown_model, "has no model nemo", "RIVA_MODEL", "request"),
    "an unknown language": (
        unknown_language,
        "does not recognise the language de-DE",
        "has: ",
        "request",
    ),
    "a server without room": (
        no_room,
        "has no room for another stream",
        "close other clients",
        "overloaded",
    ),
}
"""How captions are kept away; parts of the sentence and of the hint, and the error's category."""


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    """The file of a program that was started without --verbose."""
    register_secret(KEY)
    path = tmp_path / "captioner.log"
    with logged_to(path, logging.INFO):
        yield path


async def talk(source: ScriptedSource) -> None:
    """Have someone speak on and on."""
    while True:
        source.speak(0.1)
        await asyncio.sleep(0.1)


def reasons(log_file: Path) -> list[tuple[str, str, dict[str, Any]]]:
    """Return each sentence on the health of the session in the log, its hint, and its error."""
    text = log_file.read_text(encoding="utf-8")
    assert SPOKEN not in text.lower()
    assert KEY not in text
    lines = [json.loads(line) for line in text.splitlines()]
    return [
        (line["message"], line["hint"], line.get("error", {})) for line in lines if "health" in line
    ]


@pytest.mark.parametrize("name", FAULTS)
async def test_what_is_wrong_with_the_server_is_in_the_log(name: str, log_file: Path) -> None:
    fault, sentence, hint, category = FAULTS[name]
    source = ScriptedSource()
    async with fault() as settings:
        session = CaptionSession(settings, patient=True, opener=ScriptedOpener(source))
        await session.start()
        talking = asyncio.create_task(talk(source), name="test-talk")
        try:
            await until(
                lambda: any(
                    sentence in said and hint in fix and error["category"] == category
                    for said, fix, error in reasons(log_file)
                )
            )
        finally:
            talking.cancel()
            await session.close()
    reasons(log_file)


async def test_what_is_wrong_with_the_device_is_in_the_log(log_file: Path) -> None:
    clock, source = ManualClock(), ScriptedSource("microphone", "Desk mic")
    async with serve_riva(echo_progress) as server:
        opener = ScriptedOpener(source)
        session = CaptionSession(settings_of(server.port), patient=True, opener=opener, clock=clock)
        await session.start()
        try:
            source.speak(0.1, silent=True)
            await until(lambda: session.health.state is HealthState.LISTENING)
            await clock.advance(5.5)
            source.push(SourceLost(AudioDeviceError("Desk mic is gone.", hint="Plug it in.")))
            await until(lambda: session.health.sentence == "Desk mic is gone.")
        finally:
            await session.close()
    told = {said.partition(". ")[2]: (fix, error) for said, fix, error in reasons(log_file)}
    fix, error = told["Desk mic is gone."]
    assert fix == "Plug it in."
    assert error == {
        "category": "audio_device",
        "code": "",
        "message": "Desk mic is gone.",
        "hint": "Plug it in.",
        "retryable": True,
    }
    fix, error = told["No sound reaches Desk mic."]
    assert fix
    assert error == {}, "silence is no error"
