"""Looks after the embedded engine: starts it when it is needed, and again when it has died."""

from __future__ import annotations

import asyncio
import json
import logging
from importlib.util import find_spec
from typing import Final

from pydantic import ValidationError
from pydantic.dataclasses import dataclass

from captioner.asr.endpoint import Endpoint
from captioner.core.counts import EngineCounts
from captioner.core.errors import ConfigurationError, EngineError, UnsupportedError
from captioner.session.engine_process import EngineProcess
from captioner.settings.models import EngineSettings

logger = logging.getLogger(__name__)

EMBEDDED_LANGUAGES: Final = ("en-US",)
"""What the engine is asked for; any other English is the same to it."""

_START_LIMIT_S: Final = 20.0
_LANGUAGE: Final = "en"
_MODEL_PACKAGE: Final = "moonshine_voice"


@dataclass(frozen=True)
class _Announcement:
    """What the child says once its port is bound."""

    event: str
    host: str
    port: int
    tls: bool
    engine: str


class EmbeddedEngine:
    """The engine as one endpoint, whatever process it runs in at the moment."""

    def __init__(
        self,
        settings: EngineSettings,
        *,
        started: EngineProcess | None = None,
        max_streams: int | None = None,
    ) -> None:
        """Prepare; nothing is started before `endpoint`.

        Args:
            settings: Which engine.
            started: A process that runs already, to be looked after from here on.
            max_streams: Streams that it serves at a time; None leaves it to the engine.
        """
        self._settings = settings
        self._max_streams = max_streams
        self._process = started
        self._endpoint: Endpoint | None = None
        self._announcement: asyncio.Task[bytes] | None = None
        self._lock = asyncio.Lock()
        self._past = EngineCounts()
        self.starts = 0 if started is None else 1

    @property
    def pid(self) -> int | None:
        """Process number of the running engine."""
        process = self._process
        return process.pid if process is not None and process.is_running else None

    @property
    def counts(self) -> EngineCounts | None:
        """What was counted by all its processes so far; None while none runs that has told."""
        process = self._process
        if process is None or process.counts is None or not process.is_running:
            return None
        return self._past + process.counts

    @property
    def is_installed(self) -> bool:
        """Whether this installation has the model: not every system has a package of it."""
        return self._settings.backend == "mock" or find_spec(_MODEL_PACKAGE) is not None

    def understands(self, language: str) -> bool:
        """Return whether it can take the place of a server for ``language`` (a BCP 47 tag)."""
        return self.is_installed and language.partition("-")[0].lower() == _LANGUAGE

    def check(self, language: str) -> None:
        """Refuse what it cannot do.

        Raises:
            UnsupportedError: It is not installed here.
            ConfigurationError: It does not understand ``language``.
        """
        if not self.is_installed:
            raise UnsupportedError(
                "The embedded engine does not exist for this kind of computer.",
                hint="Give a Riva or NIM server (--server HOST:PORT, or RIVA_HOST).",
            )
        if not self.understands(language):
            raise ConfigurationError(
                f"The embedded engine understands English only, and the language is {language}.",
                hint="Give a server that understands it (--server HOST:PORT, or RIVA_HOST), "
                "or choose en-US.",
            )

    async def endpoint(self) -> Endpoint:
        """Return where the engine listens, after starting it if it does not run.

        Raises:
            EngineError: It did not start.
        """
        async with self._lock:
            if self._process is not None and not self._process.is_running:
                await self._stop()
            if self._process is None:
                self._process = EngineProcess(self._settings, max_streams=self._max_streams)
                self.starts += 1
            if self._endpoint is None:
                self._endpoint = await self._meet(self._process)
            return self._endpoint

    async def close(self) -> None:
        """Stop the engine and wait until it is gone."""
        async with self._lock:
            await self._stop()

    async def _meet(self, process: EngineProcess) -> Endpoint:
        """Wait until ``process`` says where it listens."""
        if self._announcement is None:
            # Kept when the waiting is cancelled: the line comes once, and may be waited for again.
            self._announcement = asyncio.create_task(
                asyncio.to_thread(process.read_announcement), name="engine-announcement"
            )
        done, _ = await asyncio.wait({self._announcement}, timeout=_START_LIMIT_S)
        line = self._announcement.result() if done else b""
        try:
            said = _Announcement(**json.loads(line))
        except (ValueError, TypeError, ValidationError) as error:
            await self._stop()
            reason = process.last_words or "it gave no reason"
            raise EngineError(
                f"The embedded engine did not start: {reason}",
                hint="Run `captioner doctor`, or set a server (RIVA_HOST).",
            ) from error
        logger.info("Embedded engine listens on port %d", said.port)
        is_mock = said.engine == "mock"
        return Endpoint(
            host=said.host,
            port=said.port,
            name="Mock engine (scripted words)" if is_mock else "Embedded engine",
            proxy="none",
            http_port=None,
            is_embedded=True,
            token=process.token,
            model="",
            is_mock=is_mock,
        )

    async def _stop(self) -> None:
        process, self._process, self._endpoint = self._process, None, None
        announcement, self._announcement = self._announcement, None
        if process is not None:
            try:
                await asyncio.to_thread(process.close)
            finally:
                self._past += (process.counts or EngineCounts()).past
        if announcement is not None:
            await asyncio.wait({announcement})
