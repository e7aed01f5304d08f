"""A TCP proxy that does to a connection what networks do: pause, drop, reset, slow down, refuse.

It runs in the test's own loop. Commands act at once, on connections that stand and on new ones.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

_BLOCK: Final = 16 * 1024
_STEPS_PER_S: Final = 50
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing sends RST instead of FIN."""


class _Connection:
    """One client's connection and the one that was made for it to the server."""

    def __init__(self, client: asyncio.StreamWriter) -> None:
        self.client = client
        self.server: asyncio.StreamWriter | None = None
        self.frozen = False
        self.passing = asyncio.Event()
        self.passing.set()
        self.half_closed = False
        self.ended = False

    @property
    def is_stuck(self) -> bool:
        return self.frozen or not self.passing.is_set()

    @property
    def ends(self) -> list[asyncio.StreamWriter]:
        return [end for end in (self.client, self.server) if end is not None]

    def close(self) -> None:
        for end in self.ends:
            end.close()

    def reset(self) -> None:
        for end in self.ends:
            link = end.get_extra_info("socket")
            if link is not None and not end.transport.is_closing():
                link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            end.transport.abort()


class FaultProxy:
    """Stands before one port, of this machine or another.

    Attributes:
        port: Where clients connect; it stays the same while connections are refused.
        accepted: Connections that clients have made so far.
        held: Bytes that a pause has held up so far, for as long as it lasted.
        dropped: Bytes that were lost so far.
        target: Port of the server; may be exchanged.
    """

    def __init__(self, target: int, host: str = "127.0.0.1") -> None:
        """Prepare; nothing listens before `start`."""
        self.target = target
        self._host = host
        self.port = 0
        self.accepted = 0
        self.held = 0
        self.dropped = 0
        self._connections: dict[asyncio.Task[None], _Connection] = {}
        self._server: asyncio.Server | None = None
        self._pauses = False
        self._freezes = False
        self._bytes_per_s: float | None = None

    @property
    def is_frozen(self) -> bool:
        """Whether what comes now is dropped."""
        return self._freezes

    @property
    def open_connections(self) -> int:
        """Connections that stand now."""
        return len(self._connections)

    @property
    def newest_works(self) -> bool:
        """Whether the newest connection stands and passes on what comes."""
        newest = self._newest
        return newest is not None and not (newest.is_stuck or newest.half_closed or newest.ended)

    @property
    def newest_is_stuck(self) -> bool:
        """Whether the newest connection stands, but passes nothing on."""
        return self._newest is not None and self._newest.is_stuck

    @property
    def _newest(self) -> _Connection | None:
        return next(reversed(self._connections.values()), None)

    async def start(self) -> None:
        """Listen: first on a port of the system's choice, later on the same one again."""
        if self._server is None:
            self._server = await asyncio.start_server(
                self._accept, "127.0.0.1", self.port, limit=_BLOCK, reuse_address=True
            )
            self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse new connections and end those that stand."""
        self.refuse()
        self.passes()
        connections = dict(self._connections)
        for task in connections:
            task.cancel()
        if connections:
            await asyncio.wait(connections)
        for connection in connections.values():
            # One whose task was cancelled before its first step has closed nothing itself.
            connection.close()

    def passes(self) -> None:
        """Pass everything on at once. What was frozen stays lost: those connections are dead."""
        self._freezes = False
        self._bytes_per_s = None
        self._pauses = False
        for connection in self._connections.values():
            connection.passing.set()

    def pause(self) -> None:
        """Hold what comes, in both directions, until `passes`; nothing is lost."""
        self._pauses = True
        self.hold()

    def hold(self) -> None:
        """As `pause`, but only for connections that stand: new ones work."""
        for connection in self._connections.values():
            connection.passing.clear()

    def freeze(self) -> None:
        """Drop what comes, in both directions, while connections stay up.

        After `passes` new connections work; those that dropped anything never do again.
        """
        self._freezes = True
        for connection in self._connections.values():
            connection.frozen = True

    def bury(self) -> None:
        """End frozen connections that one end has left, as a keepalive does in the long run."""
        for task, connection in self._connections.items():
            if connection.frozen and connection.ended:
                task.cancel()

    def slow_down(self, bytes_per_s: float) -> None:
        """Pass on so many bytes a second, for each connection and direction, until `passes`."""
        self._bytes_per_s = bytes_per_s

    def reset(self) -> None:
        """Break off what stands with RST, as a killed process or a firewall does."""
        for connection in list(self._connections.values()):
            connection.reset()

    def half_close(self) -> None:
        """Say to each client that nothing more will come, while still taking what it sends."""
        for connection in self._connections.values():
            connection.half_closed = True
            _say_end(connection.client)

    def refuse(self) -> None:
        """Stop listening; connections that stand go on. `start` listens again."""
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        connection = _Connection(writer)
        connection.frozen = self._freezes
        if self._pauses:
            connection.passing.clear()
        task = asyncio.create_task(self._serve(connection, reader), name="fault-proxy")
        self._connections[task] = connection
        task.add_done_callback(self._connections.pop)

    async def _serve(self, connection: _Connection, reader: asyncio.StreamReader) -> None:
        try:
            answers, connection.server = await asyncio.open_connection(
                self._host, self.target, limit=_BLOCK
            )
        except OSError:
            # A port with nothing behind it, as a container's port mapping gives it.
            connection.client.transport.abort()
            return
        forth = asyncio.create_task(
            self._carry(connection, reader, connection.server), name="fault-proxy-forth"
        )
        back = asyncio.create_task(
            self._carry(connection, answers, connection.client), name="fault-proxy-back"
        )
        try:
            await asyncio.gather(forth, back)
        except OSError:
            connection.reset()
        finally:
            forth.cancel()
            back.cancel()
            await asyncio.wait({forth, back})
            connection.close()

    async def _carry(
        self, connection: _Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Pass one direction on until it ends; a frozen one never does by itself."""
        while data := await self._read(reader):
            if not connection.passing.is_set():
                self.held += len(data)
                await connection.passing.wait()
            if connection.frozen or (connection.half_closed and writer is connection.client):
                self.dropped += len(data)
                continue
            writer.write(data)
            await writer.drain()
        connection.ended = True
        await connection.passing.wait()
        if connection.frozen:
            # The other end does not hear of the end either.
            await asyncio.Event().wait()
        _say_end(writer)

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        pace = self._bytes_per_s
        data = await reader.read(_BLOCK if pace is None else max(1, round(pace / _STEPS_PER_S)))
        if pace is not None:
            await asyncio.sleep(len(data) / pace)
        return data


def _say_end(writer: asyncio.StreamWriter) -> None:
    if writer.can_write_eof() and not writer.is_closing():
        writer.write_eof()


@asynccontextmanager
async def fault_proxy(target: int, host: str = "127.0.0.1") -> AsyncIterator[FaultProxy]:
    """Run a proxy before port ``target`` for the length of a block."""
    proxy = FaultProxy(target, host)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()
