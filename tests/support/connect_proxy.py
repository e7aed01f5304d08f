"""A real HTTP proxy that knows CONNECT, with a table of names of its own; keeps what it saw."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Address = tuple[str, int]


@dataclass
class ConnectProxy:
    """The proxy.

    Attributes:
        routes: Where it takes a connection to ``host:port``; it reaches nothing else.
        login: ``user:password`` that it asks for; None lets everyone in.
        asked: Each ``host:port`` that a client asked for.
        logins: What each client gave as its login; None for nothing.
        port: Where it listens.
    """

    routes: Mapping[str, Address]
    login: str | None = None
    asked: list[str] = field(default_factory=list)
    logins: list[str | None] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        """How a client is told of it."""
        return f"http://127.0.0.1:{self.port}"

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        request, *lines = head.split("\r\n")
        method, target, _ = request.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in map(_halves, lines)}
        kind, _, encoded = headers.get("proxy-authorization", "").partition(" ")
        login = base64.b64decode(encoded).decode() if kind == "Basic" else None
        self.asked.append(target)
        self.logins.append(login)
        if self.login is not None and login != self.login:
            await _answer(writer, "407 Proxy Authentication Required")
        elif method != "CONNECT" or target not in self.routes:
            await _answer(writer, "502 Bad Gateway")
        else:
            inner_reader, inner_writer = await asyncio.open_connection(*self.routes[target])
            try:
                await _answer(writer, "200 Connection established")
                await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer))
            finally:
                inner_writer.close()


@asynccontextmanager
async def running_proxy(
    routes: Mapping[str, Address], *, login: str | None = None
) -> AsyncIterator[ConnectProxy]:
    """Run a proxy for the length of a block."""
    proxy = ConnectProxy(routes, login)
    talks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await proxy.talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.create_task(serve(reader, writer), name="test-proxy"))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for talk in talks:
            talk.cancel()
        if talks:
            await asyncio.wait(talks)


def _halves(line: str) -> tuple[str, str, str]:
    return line.partition(":")


async def _answer(writer: asyncio.StreamWriter, status: str) -> None:
    writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
    await writer.drain()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
