"""The proxy of the tests does to bytes what it says, and nothing else."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.support.fault_proxy import FaultProxy, fault_proxy
from tests.support.wait import until


class Echo:
    """A server that sends back what it gets; an end too."""

    def __init__(self) -> None:
        self.got = bytearray()
        self.resets = 0
        self.ends = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1000):
                self.got += data
                writer.write(data)
            self.ends += 1
        except ConnectionResetError:
            self.resets += 1
        finally:
            writer.close()


@asynccontextmanager
async def echoing() -> AsyncIterator[tuple[Echo, FaultProxy]]:
    echo = Echo()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    try:
        async with fault_proxy(server.sockets[0].getsockname()[1]) as proxy:
            yield echo, proxy
    finally:
        server.close()


class Client:
    """A connection whose answers are kept as they come."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer
        self.got = bytearray()
        self.end: str | None = None
        self._task = asyncio.create_task(self._read(), name="test-client")

    @classmethod
    async def connect(cls, proxy: FaultProxy) -> Client:
        return cls(*await asyncio.open_connection("127.0.0.1", proxy.port))

    async def _read(self) -> None:
        try:
            while data := await self._reader.read(1000):
                self.got += data
            self.end = "eof"
        except OSError as error:
            self.end = errno.errorcode[error.errno or 0]

    async def close(self) -> None:
        self.writer.close()
        self._task.cancel()
        await asyncio.wait({self._task})


@pytest.fixture
async def two() -> AsyncIterator[tuple[Echo, FaultProxy, Client]]:
    async with echoing() as (echo, proxy):
        client = await Client.connect(proxy)
        client.writer.write(b"one")
        await until(lambda: client.got == b"one")
        yield echo, proxy, client
        await client.close()


async def test_it_passes_bytes_and_ends(two: tuple[Echo, FaultProxy, Client]) -> None:
    echo, proxy, client = two
    data = bytes(range(256)) * 2000
    client.writer.write(data)
    await until(lambda: len(client.got) == 3 + len(data))
    assert bytes(client.got[3:]) == data
    assert proxy.accepted == proxy.open_connections == 1
    client.writer.write_eof()
    await until(lambda: client.end)
    assert client.end == "eof"
    assert (echo.ends, echo.resets) == (1, 0)
    await until(lambda: proxy.open_connections == 0)


async def test_a_pause_holds_and_loses_nothing(two: tuple[Echo, FaultProxy, Client]) -> None:
    echo, proxy, client = two
    proxy.pause()
    client.writer.write(b"two")
    other = await Client.connect(proxy)
    other.writer.write(b"new")
    await until(lambda: proxy.held == 6)
    assert echo.got == b"one"
    proxy.passes()
    await until(lambda: client.got == b"onetwo" and other.got == b"new")
    await other.close()


async def test_what_is_frozen_is_lost_and_stays_connected(
    two: tuple[Echo, FaultProxy, Client],
) -> None:
    echo, proxy, client = two
    proxy.freeze()
    client.writer.write(b"two")
    during = await Client.connect(proxy)
    during.writer.write(b"new")
    await until(lambda: proxy.dropped == 6)
    proxy.passes()
    after = await Client.connect(proxy)
    after.writer.write(b"three")
    await until(lambda: after.got == b"three")
    client.writer.write(b"four")
    await until(lambda: proxy.dropped == 10)
    client.writer.write_eof()
    after.writer.write(b"!")
    await until(lambda: after.got == b"three!")
    assert echo.got == b"onethree!"
    assert echo.ends == echo.resets == 0, "the server knows of no end"
    assert client.end is None
    assert during.end is None
    proxy.bury()
    await until(lambda: echo.ends == 1)
    await until(lambda: proxy.open_connections == 2)
    assert during.end is None
    for each in (during, after):
        await each.close()


async def test_a_reset_is_one_at_both_ends(two: tuple[Echo, FaultProxy, Client]) -> None:
    echo, proxy, client = two
    proxy.reset()
    await until(lambda: client.end and echo.resets)
    assert client.end == "ECONNRESET"
    await until(lambda: proxy.open_connections == 0)


async def test_half_of_it_is_closed(two: tuple[Echo, FaultProxy, Client]) -> None:
    echo, proxy, client = two
    proxy.half_close()
    await until(lambda: client.end)
    assert client.end == "eof"
    client.writer.write(b"two")
    await until(lambda: echo.got == b"onetwo")
    assert client.got == b"one"


async def test_refusing_leaves_what_stands_and_ends_with_a_start(
    two: tuple[Echo, FaultProxy, Client],
) -> None:
    _, proxy, client = two
    port = proxy.port
    proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        await Client.connect(proxy)
    client.writer.write(b"two")
    await until(lambda: client.got == b"onetwo")
    await proxy.start()
    assert proxy.port == port
    again = await Client.connect(proxy)
    again.writer.write(b"three")
    await until(lambda: again.got == b"three")
    await again.close()


async def test_slow_is_slow_in_both_directions(two: tuple[Echo, FaultProxy, Client]) -> None:
    """2,000 bytes a second: what was sent at once comes in pieces of 40 bytes."""
    echo, proxy, client = two
    proxy.slow_down(2000)
    client.writer.write(b"first, to leave the fast read")
    await until(lambda: b"read" in client.got)
    before = len(echo.got)
    client.writer.write(bytes(400))
    await until(lambda: len(echo.got) > before)
    assert len(echo.got) < before + 200
    proxy.passes()
    await until(lambda: client.got.endswith(bytes(400)))


async def test_a_port_with_nothing_behind_it_hangs_up() -> None:
    async with echoing() as (_, proxy):
        proxy.target = 1
        client = await Client.connect(proxy)
        await until(lambda: client.end)
        await client.close()
