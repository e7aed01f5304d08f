"""The recogniser that is measured: a server, or an engine that is started for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from captioner.asr.endpoint import Endpoint
from captioner.asr.probe import probe
from captioner.asr.recogniser import Recogniser
from captioner.asr.route import OnlyRoute
from captioner.asr.tap import StreamTap
from captioner.core.clock import Clock
from captioner.core.errors import RequestError, UnavailableError
from captioner.measure.result import Server
from captioner.riva.models import missing_model
from captioner.session.embedded import EmbeddedEngine
from captioner.session.endpoints import endpoint_with_key
from captioner.session.probe import wait_until_ready
from captioner.session.recognition import new_recogniser, recognition_options
from captioner.settings.models import Settings

_MOST_STREAMS = 1000
"""What an engine that is started for a measurement takes at a time: it shall not be the limit."""


@dataclass(frozen=True, slots=True)
class Target:
    """A recogniser that answers.

    Attributes:
        endpoint: Where it is.
        settings: What is asked of it.
    """

    endpoint: Endpoint
    settings: Settings

    def recogniser(self, clock: Clock, tap: StreamTap) -> Recogniser:
        """Return the client of one stream, as captions have it."""
        return new_recogniser(
            self.settings, OnlyRoute(self.endpoint), clock=clock, patient=False, tap=tap
        )

    @property
    def server(self) -> Server:
        """What is written down of it."""
        asked = recognition_options(self.settings).with_model(self.endpoint.model)
        return Server(
            name=self.endpoint.title,
            address=self.endpoint.address,
            tls=self.endpoint.tls,
            model=asked.model,
            language=asked.language,
            is_mock=self.endpoint.is_mock,
        )


@asynccontextmanager
async def open_target(settings: Settings, *, embedded: bool) -> AsyncIterator[Target]:
    """Find the recogniser of ``settings`` and see that it could caption.

    Args:
        settings: Their preferred server is taken; where there is none, the embedded engine.
        embedded: Take the embedded engine in any case.

    Raises:
        CaptionerError: It cannot be used; the reason says why.
    """
    server = None if embedded else settings.endpoint
    if server is not None:
        endpoint = await endpoint_with_key(server)
        await _require_usable(endpoint, settings)
        yield Target(endpoint, settings)
        return
    engine = EmbeddedEngine(settings.engine, max_streams=_MOST_STREAMS)
    engine.check(settings.recognition.language)
    try:
        endpoint = await engine.endpoint()
        await wait_until_ready(endpoint)
        yield Target(endpoint, settings)
    finally:
        await engine.close()


async def _require_usable(endpoint: Endpoint, settings: Settings) -> None:
    report = await probe(endpoint, limit_s=settings.connection.connect_timeout_s)
    if report.error is not None:
        raise report.error
    if not report.is_usable:
        raise UnavailableError(report.reason, hint=report.fix)
    asked = recognition_options(settings).with_model(endpoint.model)
    missing: RequestError | None = missing_model(
        report.models, model=asked.model, language=asked.language, server=endpoint.title
    )
    if missing is not None:
        raise missing
