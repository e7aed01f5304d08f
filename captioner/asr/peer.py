"""What answers at a port in plain words, without gRPC, whose own are coarse.

Nothing secret is sent here. Each function waits at most ``limit_s`` seconds for each step: the
name, the connection, the answer.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from captioner.asr.dial import STATUS_LINE, dialled
from captioner.asr.endpoint import Endpoint
from captioner.asr.handshake import TLS_RECORDS, TlsStream, looking_context
from captioner.riva import connecting

_READY_PATH: Final = "/v1/health/ready"
_PIECE: Final = 16 * 1024
_ANSWER_BYTES: Final = 64 * 1024
_FRAME_BYTES: Final = 9
_SETTINGS_FRAME: Final = b"\x04"


class Spoken(Enum):
    """What a port speaks to a client that does not use TLS."""

    HTTP1 = auto()
    HTTP2 = auto()
    TLS = auto()
    NOTHING = auto()
    """It closes the connection without a word."""
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What an HTTP server answered.

    Attributes:
        status: Status code.
        state: The ``status`` of a JSON body, as NIM gives it; empty where there is none.
    """

    status: int
    state: str = ""


async def listen(endpoint: Endpoint, *, limit_s: float) -> Spoken:
    """Ask the gRPC port in plain HTTP and tell from the first bytes what it speaks.

    Raises:
        UnavailableError: There is no connection, or no answer.
    """
    async with dialled(endpoint, endpoint.port, limit_s=limit_s) as (reader, writer):
        writer.write(_request(endpoint))
        try:
            async with asyncio.timeout(limit_s):
                first = await reader.readexactly(_FRAME_BYTES)
        except TimeoutError as error:
            raise connecting.silent(endpoint.title, limit_s=limit_s) from error
        except asyncio.IncompleteReadError as error:
            first = error.partial
    if not first:
        return Spoken.NOTHING
    if first.startswith(b"HTTP/1"):
        return Spoken.HTTP1
    if first.startswith(TLS_RECORDS):
        return Spoken.TLS
    if first[3:4] == _SETTINGS_FRAME and len(first) == _FRAME_BYTES:
        return Spoken.HTTP2
    return Spoken.UNKNOWN


async def ask_readiness(endpoint: Endpoint, port: int, *, limit_s: float) -> HttpAnswer | None:
    """Ask NIM's HTTP port whether the server is ready; None where it does not answer in HTTP.

    Raises:
        UnavailableError: There is no connection, or no answer.
    """
    place = f"{endpoint.host}, port {port}"
    try:
        async with asyncio.timeout(2 * limit_s):
            # NIM encrypts both of its ports or none; what stands in front of one may do otherwise.
            answer = await _get_over_tls(endpoint, port, limit_s) if endpoint.tls else None
            answer = answer or await _get(endpoint, port, limit_s)
    except TimeoutError as error:
        raise connecting.silent(place, limit_s=2 * limit_s) from error
    except ssl.SSLError as error:
        raise connecting.hung_up(place) from error
    status = STATUS_LINE.match(answer)
    if status is None:
        return None
    return HttpAnswer(int(status[1]), _state_in(answer.partition(b"\r\n\r\n")[2]))


async def _get(endpoint: Endpoint, port: int, limit_s: float) -> bytes:
    async with dialled(endpoint, port, limit_s=limit_s) as (reader, writer):
        writer.write(_request(endpoint))
        return await _read_all(lambda: reader.read(_PIECE))


async def _get_over_tls(endpoint: Endpoint, port: int, limit_s: float) -> bytes | None:
    """Return the answer; None where the port does not speak TLS."""
    context = await looking_context(endpoint, "http/1.1")
    async with dialled(endpoint, port, limit_s=limit_s) as streams:
        tls = TlsStream(endpoint, streams, context)
        try:
            await tls.shake_hands()
        except ssl.SSLError:
            if tls.took_part:
                raise
            return None
        tls.write(_request(endpoint))
        return await _read_all(tls.read)


async def _read_all(read: Callable[[], Awaitable[bytes]]) -> bytes:
    answer = b""
    while len(answer) < _ANSWER_BYTES and (more := await read()):
        answer += more
    return answer


def _state_in(body: bytes) -> str:
    try:
        said = json.loads(body)
    except ValueError:
        return ""
    state = said.get("status") if isinstance(said, dict) else None
    return state if isinstance(state, str) else ""


def _request(endpoint: Endpoint) -> bytes:
    # HTTP/1.0, so that the answer ends with the connection.
    return f"GET {_READY_PATH} HTTP/1.0\r\nHost: {endpoint.host}\r\n\r\n".encode()
