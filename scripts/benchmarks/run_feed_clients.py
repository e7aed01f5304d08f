"""A hundred clients of a feed, some of them bad: ``run_feed_clients URL READERS DEAF RESTLESS``.

Readers read everything. Deaf ones read nothing, and connect again when they are dropped. Restless
ones connect, read one event, leave, and come back. The token is in the environment. When standard
input ends, it prints a JSON object from the number of each word to the ``time.monotonic()`` at
which the slowest reader had it, and says how many connections were made.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import time
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from scripts.benchmarks.run_feed import WORD

_PAUSE_S: Final = 0.5
_HEADERS: Final = {"Authorization": f"Bearer {os.environ['CAPTIONER_FEED_TOKEN']}"}


class _Crowd:
    """Counts what happens to all clients."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.had: dict[int, float] = {}
        self.connections = 0

    async def read(self) -> None:
        """Read everything."""
        async with connect(self._url, additional_headers=_HEADERS, proxy=None) as client:
            self.connections += 1
            async for message in client:
                words = WORD.findall(str(message))
                if words:
                    self.had[int(words[-1])] = time.monotonic()

    async def be_restless(self) -> None:
        """Come and go."""
        while True:
            with suppress(OSError, WebSocketException):
                async with connect(self._url, additional_headers=_HEADERS, proxy=None) as client:
                    self.connections += 1
                    await client.recv()
            await asyncio.sleep(_PAUSE_S)

    async def be_deaf(self) -> None:
        """Read nothing."""
        parts = urlsplit(self._url)
        lines = [
            f"GET {parts.path} HTTP/1.1",
            f"Host: {parts.netloc}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
            *(f"{name}: {value}" for name, value in _HEADERS.items()),
        ]
        loop = asyncio.get_running_loop()
        while True:
            with socket.socket() as deaf:
                deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                deaf.setblocking(False)  # noqa: FBT003  # its own
                await loop.sock_connect(deaf, (parts.hostname, parts.port))
                await loop.sock_sendall(deaf, "\r\n".join([*lines, "", ""]).encode())
                self.connections += 1
                await self._dropped(deaf)

    async def _dropped(self, deaf: socket.socket) -> None:
        while True:
            await asyncio.sleep(_PAUSE_S)
            if deaf.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                return


async def _run(url: str, readers: int, deaf: int, restless: int) -> None:
    crowd = _Crowd(url)
    tasks = [
        *(asyncio.create_task(crowd.read(), name="reader") for _ in range(readers)),
        *(asyncio.create_task(crowd.be_deaf(), name="deaf") for _ in range(deaf)),
        *(asyncio.create_task(crowd.be_restless(), name="restless") for _ in range(restless)),
    ]
    await asyncio.to_thread(sys.stdin.read)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    print(json.dumps({"had": crowd.had, "connections": crowd.connections}))


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1], *map(int, sys.argv[2:5])))
