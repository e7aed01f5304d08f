"""The recogniser of coded speech in a process of its own, which can be killed.

``python -m tests.support.coded_server PORT`` listens on this port of the machine (0: any), says
which one it is, and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.coded_recogniser import recognise
from tests.support.riva_server import RivaServer

_FOLDER = Path(__file__).parents[2]


class KillableServer:
    """The process, started anew on the same port as often as wanted."""

    def __init__(self) -> None:
        """Prepare; `start` starts it."""
        self.port = 0
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it, and wait until it listens."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.support.coded_server", str(self.port)),
            cwd=_FOLDER,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert self._process.stdout is not None
        self.port = int(await self._process.stdout.readline())

    async def kill(self) -> None:
        """End it with SIGKILL: the system alone closes its connections."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def killable_server() -> AsyncIterator[KillableServer]:
    """Run one for the length of a block."""
    server = KillableServer()
    await server.start()
    try:
        yield server
    finally:
        await server.kill()


async def _serve(port: int) -> None:
    server = RivaServer(recognise)
    server.port = port
    await server.start()
    print(server.port, flush=True)  # noqa: T201 - what its parent waits for
    await asyncio.to_thread(sys.stdin.read)
    await server.stop()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
