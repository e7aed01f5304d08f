"""Something else answers on the port, from the start or where the server was a moment ago."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import trustme

from captioner.core.errors import CaptionerError, ProtocolError
from tests.support.coded_speech import speak
from tests.support.fault_outcome import Outcome, numbers_in
from tests.support.fault_run import caption, reference
from tests.support.fault_stage import Fault, Stage
from tests.support.riva_server import RivaServer, ServedStream

SPEECH = speak(14, seed=9)
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer as a web server does to what is no HTTP/1.1."""
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


async def junk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer with random bytes, the same ones each time."""
    await reader.read(1)
    writer.write(random.Random(5).randbytes(4096))  # noqa: S311 - junk, not secrets


async def cut_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Begin as an HTTP/2 server and break off in the middle of a frame."""
    await reader.read(1)
    writer.write(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00")


STRANGERS: dict[str, Talk] = {"HTTP/1.1": http, "random bytes": junk, "half a frame": cut_off}


@asynccontextmanager
async def stranger(talk: Talk) -> AsyncIterator[int]:
    """Run a server that lets ``talk`` answer and hangs up; yield its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
            await writer.drain()
        except ConnectionError:
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


def move_to(port: int) -> Callable[[Stage], None]:
    """Return the fault after which ``port`` answers in the place of the server."""

    def move(stage: Stage) -> None:
        stage.proxy.target = port
        stage.proxy.reset()

    return move


def back(stage: Stage) -> None:
    stage.proxy.target = stage.server.port
    stage.proxy.reset()


@pytest.mark.parametrize("name", ["HTTP/1.1", "random bytes"])
async def test_a_stranger_from_the_start_is_named_and_not_asked_again(name: str) -> None:
    async with stranger(STRANGERS[name]) as port:
        outcome = await caption(SPEECH, [Fault(0, move_to(port))])
    assert isinstance(outcome.error, ProtocolError)
    assert "not in gRPC" in outcome.error.message
    assert "9000" in outcome.error.hint
    assert outcome.finals == []
    assert outcome.streams == []
    # Up to three more look for what answers there; the stream itself is not tried again.
    assert outcome.connections <= 4


@pytest.mark.parametrize("talk", STRANGERS.values(), ids=STRANGERS)
async def test_a_stranger_for_a_while_loses_nothing_or_is_named(talk: Talk) -> None:
    """A balancer may answer while the server behind it starts again."""
    moved = SPEECH.middle_of(1, 1)
    async with stranger(talk) as port:
        outcome = await caption(SPEECH, [Fault(moved, move_to(port)), Fault(moved + 48_000, back)])
    await require_all_or_named(outcome, ProtocolError, moved)


async def require_all_or_named(
    outcome: Outcome, expected: type[CaptionerError], moved: int
) -> None:
    """Check that all was captioned, or all that was shown before the session ended."""
    if outcome.error is None:
        outcome.require(await reference(SPEECH))
        return
    assert isinstance(outcome.error, expected), outcome.error
    assert outcome.error.hint
    shown = [word.number for word in SPEECH.words if word.end <= moved]
    said = numbers_in(" ".join(segment.text for segment in outcome.finals))
    assert said == shown, "what was shown is kept"


async def test_a_server_that_wants_tls_for_a_while(authority: trustme.CA) -> None:
    """Plain text to it is hung up on, which passes: it is tried again, without loss."""
    moved = SPEECH.middle_of(1, 1)
    secret = RivaServer(_nobody, authority=authority)
    await secret.start()
    try:
        outcome = await caption(
            SPEECH, [Fault(moved, move_to(secret.port)), Fault(moved + 48_000, back)]
        )
    finally:
        await secret.stop()
    outcome.require(await reference(SPEECH))
    assert secret.streams == []


async def _nobody(stream: ServedStream) -> None:
    raise AssertionError("nobody gets here")
