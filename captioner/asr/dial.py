"""Connections without gRPC, to look at what answers."""

from __future__ import annotations

import asyncio
import base64
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, TypeAlias
from urllib.parse import unquote, urlsplit

from captioner.asr.endpoint import Endpoint
from captioner.asr.proxy import proxy_in_use
from captioner.core.errors import UnavailableError
from captioner.riva import connecting

Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]

STATUS_LINE: Final = re.compile(rb"HTTP/1\.[01] (\d{3})")
"""How an answer in HTTP begins, with its status."""

_CONNECTED: Final = "200"


@asynccontextmanager
async def dialled(endpoint: Endpoint, port: int, *, limit_s: float) -> AsyncIterator[Streams]:
    """Connect to a port of the endpoint's host, and break the connection off at the end.

    Goes through the proxy that gRPC goes through.

    Args:
        endpoint: Whose host.
        port: The port.
        limit_s: How long the name, the connection and the proxy may take each, in seconds.

    Raises:
        UnavailableError: There is no connection; the sentence says why.
        CredentialsError: The proxy wants a name and a password.
    """
    place = endpoint.title if port == endpoint.port else f"{endpoint.host}, port {port}"
    proxy = proxy_in_use(endpoint)
    if proxy is None:
        reader, writer = await _dial(endpoint.host, port, place, limit_s)
    else:
        reader, writer = await _dial_through(proxy, endpoint.host, port, place, limit_s)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def addresses_of(endpoint: Endpoint, port: int, *, limit_s: float) -> list[str]:
    """Return what the name of the endpoint's host stands for.

    Raises:
        UnavailableError: No name server knows it, or none answers within ``limit_s`` seconds.
    """
    return await _look_up(endpoint.host, port, endpoint.title, limit_s)


async def _look_up(host: str, port: int, place: str, limit_s: float) -> list[str]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(limit_s):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except TimeoutError as error:
        reason = f"no name server says within {limit_s:g} seconds where {host} is"
        raise connecting.unreachable(place, reason) from error
    except (socket.gaierror, UnicodeError) as error:
        raise connecting.unknown_name(host, place) from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def _dial(host: str, port: int, place: str, limit_s: float) -> Streams:
    addresses = await _look_up(host, port, place, limit_s)
    try:
        async with asyncio.timeout(limit_s):
            return await _first_that_answers(addresses, port)
    except TimeoutError as error:
        raise connecting.no_answer(place, limit_s=limit_s) from error
    except ConnectionRefusedError as error:
        raise connecting.refused(place) from error
    except ConnectionError as error:
        raise connecting.hung_up(place) from error
    except OSError as error:
        raise connecting.unreachable(place, error.strerror or str(error)) from error


async def _first_that_answers(addresses: list[str], port: int) -> Streams:
    """Connect to the first address that answers; the last one's error is the reason."""
    reason = OSError("its name has no address")
    for address in addresses:
        try:
            return await _open(address, port)
        except OSError as error:
            reason = error
    raise reason


async def _open(address: str, port: int) -> Streams:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    protocol = _KeepsLastWords(reader)
    transport, _ = await loop.create_connection(lambda: protocol, address, port)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


class _KeepsLastWords(asyncio.StreamReaderProtocol):
    """Ends the reader after what came before a reset, which would otherwise hide it.

    Who refuses us says so and closes, and a close with our words unread is a reset.
    """

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # its end is enough
        super().connection_lost(None)


async def _dial_through(proxy: str, host: str, port: int, place: str, limit_s: float) -> Streams:
    """Have a proxy connect to ``host``."""
    url = urlsplit(proxy)
    at = f"{url.hostname}:{url.port or 80}"
    try:
        reader, writer = await _dial(url.hostname or "", url.port or 80, at, limit_s)
    except UnavailableError as error:
        raise connecting.proxy_unreachable(place, at) from error
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if url.username is not None:
        login = f"{unquote(url.username)}:{unquote(url.password or '')}"
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(login.encode()).decode()}")
    writer.write("\r\n".join([*lines, "", ""]).encode())
    try:
        async with asyncio.timeout(limit_s):
            status = STATUS_LINE.match(await reader.readuntil(b"\r\n\r\n"))
    except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        status = None
    if status is not None and status[1].decode() == _CONNECTED:
        return reader, writer
    writer.transport.abort()
    if status is None:
        raise connecting.proxy_silent(place, at)
    raise connecting.proxy_refusal(status[1].decode(), place)
