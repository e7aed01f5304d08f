"""Probes of the embedded engine, which has to be started first and then loads its model."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from captioner.asr.endpoint import Endpoint
from captioner.asr.probe import probe
from captioner.asr.verdict import EndpointReport
from captioner.core.errors import UnavailableError
from captioner.core.health import EndpointState
from captioner.session.embedded import EmbeddedEngine
from captioner.settings.models import EngineSettings

_READY_LIMIT_S: Final = 20.0
_RETRY_S: Final = 0.1


async def probe_embedded(settings: EngineSettings) -> EndpointReport:
    """Start an embedded engine, ask it how it is once its model is loaded, and end it.

    Raises:
        CaptionerError: It did not start, or has no model even after a while.
    """
    engine = EmbeddedEngine(settings)
    try:
        return await wait_until_ready(await engine.endpoint())
    finally:
        await engine.close()


async def wait_until_ready(endpoint: Endpoint) -> EndpointReport:
    """Wait until ``endpoint`` has a model for streaming; return what the probe says then.

    Raises:
        CaptionerError: It cannot be used, or has no model even after a while.
    """
    give_up = time.monotonic() + _READY_LIMIT_S
    while (report := await probe(endpoint)).state is EndpointState.STARTING:
        if time.monotonic() > give_up:
            raise UnavailableError(report.reason, hint="Wait, then try again.")
        await asyncio.sleep(_RETRY_S)
    if report.error is not None:
        raise report.error
    return report
