"""The embedded engine: a child process that serves the Riva protocol on loopback.

A child, because a fault in the model's native code must not take the window with it, and because
two gRPC servers and clients on two loops in one process crash. It is guarded by a random token
that travels through its environment, and it ends by itself when this process goes away, because
its standard input then closes.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import sys
from typing import Final

from pydantic import SecretStr, ValidationError
from pydantic.dataclasses import dataclass

from captioner.asr.endpoint import Endpoint
from captioner.core.errors import EngineError
from captioner.settings.models import EngineSettings

logger = logging.getLogger(__name__)

TOKEN_VARIABLE: Final = "CAPTIONER_TOKEN"  # noqa: S105 - the variable's name, not a token

_START_LIMIT_S: Final = 20.0
_STOP_LIMIT_S: Final = 3.0
_LAST_LINES: Final = 20


@dataclass(frozen=True)
class _Announcement:
    """What the child says once its port is bound."""

    event: str
    host: str
    port: int
    tls: bool
    engine: str


class EmbeddedEngine:
    """Starts the engine's process when it is asked for, and again when it has died."""

    def __init__(self, settings: EngineSettings) -> None:
        """Prepare; nothing runs before `start` or `endpoint`."""
        self._settings = settings
        self._token = SecretStr(secrets.token_urlsafe(32))
        self._process: asyncio.subprocess.Process | None = None
        self._endpoint: Endpoint | None = None
        self._complaints: asyncio.Task[None] | None = None
        self._last_lines: list[str] = []
        self._lock = asyncio.Lock()
        self.starts = 0

    @property
    def pid(self) -> int | None:
        """Process number of the running engine."""
        return self._process.pid if self._is_running() and self._process else None

    async def endpoint(self) -> Endpoint:
        """Return where the engine listens, after starting it if it does not run.

        Raises:
            EngineError: It did not start.
        """
        async with self._lock:
            if self._endpoint is None or not self._is_running():
                await self._stop()
                await self._start()
            if self._endpoint is None:
                raise AssertionError("an engine that started has an address")
            return self._endpoint

    async def close(self) -> None:
        """Stop the engine and wait until it is gone."""
        async with self._lock:
            await self._stop()

    def _is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    def _command(self) -> list[str]:
        # A frozen program is its own interpreter and takes the command at once.
        program = (
            [sys.executable]
            if getattr(sys, "frozen", False)
            else [
                sys.executable,
                "-m",
                "captioner",
            ]
        )
        command = [*program, "serve", "--host", "127.0.0.1", "--port", "0"]
        command += ["--engine", self._settings.backend, "--announce", "--exit-with-parent"]
        if self._settings.mock_script is not None:
            command += ["--script", self._settings.mock_script]
        return command

    async def _start(self) -> None:
        environment = dict(os.environ)
        environment[TOKEN_VARIABLE] = self._token.get_secret_value()
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command(),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=environment,
            )
        except OSError as error:
            raise EngineError(
                f"The embedded engine could not be started: {error.strerror}.",
                hint="Install Captioner again; its files seem to be incomplete.",
            ) from error
        self._process = process
        self.starts += 1
        self._last_lines.clear()
        self._complaints = asyncio.create_task(self._listen(process), name="engine-stderr")
        try:
            async with asyncio.timeout(_START_LIMIT_S):
                line = await process.stdout.readline() if process.stdout else b""
        except TimeoutError:
            line = b""
        self._endpoint = await self._read_announcement(line)
        logger.info("Embedded engine listens on port %d", self._endpoint.port)

    async def _read_announcement(self, line: bytes) -> Endpoint:
        try:
            said = _Announcement(**json.loads(line))
        except (ValueError, TypeError, ValidationError) as error:
            await self._stop()
            reason = self._last_lines[-1] if self._last_lines else "it gave no reason"
            raise EngineError(
                f"The embedded engine did not start: {reason}",
                hint="Run `captioner doctor`, or set a server (RIVA_HOST).",
            ) from error
        is_mock = said.engine == "mock"
        return Endpoint(
            host=said.host,
            port=said.port,
            name="Mock engine (scripted words)" if is_mock else "Embedded engine",
            token=self._token,
            is_mock=is_mock,
        )

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        """Pass the child's complaints on to our log, line by line."""
        if process.stderr is None:
            return
        while line := await process.stderr.readline():
            text = line.decode(errors="replace").rstrip()
            logger.info("engine: %s", text)
            self._last_lines = [*self._last_lines, text][-_LAST_LINES:]

    async def _stop(self) -> None:
        process, self._process, self._endpoint = self._process, None, None
        if process is None:
            return
        if process.returncode is None and process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(_STOP_LIMIT_S):
                await process.wait()
        except TimeoutError:
            logger.warning("The embedded engine did not stop when asked and is ended")
            process.kill()
            await process.wait()
        if self._complaints is not None:
            await self._complaints
            self._complaints = None
