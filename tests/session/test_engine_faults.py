"""The embedded engine under faults: hardly a word more is wrong than in a run without them."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from captioner.session.embedded import EmbeddedEngine
from captioner.settings.endpoints import ConnectionSettings, EndpointSettings
from captioner.settings.models import EngineSettings, Settings
from tests.support.clip_run import ClipFaults, ClipOutcome, caption_clip
from tests.support.clips import TWO_CITIES
from tests.support.fault_proxy import FaultProxy, fault_proxy

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ALLOWED = 0.02
_references: list[ClipOutcome] = []


@pytest.fixture(autouse=True)
def home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Children keep their logs here."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))


@pytest.fixture
async def engine() -> AsyncIterator[EmbeddedEngine]:
    engine = EmbeddedEngine(EngineSettings())
    yield engine
    await engine.close()


async def reference(engine: EmbeddedEngine) -> ClipOutcome:
    """Return what comes of the clip without faults; made once."""
    if not _references:
        outcome = await caption_clip(TWO_CITIES, Settings(), engine=engine)
        assert outcome.error_rate < 0.2
        _references.append(outcome)
    return _references[0]


async def behind_proxy(
    engine: EmbeddedEngine, proxy: FaultProxy, faults: ClipFaults
) -> ClipOutcome:
    """Caption through a proxy that stands before the engine, as before a server of one's own."""
    endpoint = await engine.endpoint()
    server = EndpointSettings(host="127.0.0.1", port=proxy.port, api_key=endpoint.token)
    settings = Settings(endpoints=(server,), connection=ConnectionSettings(embedded_fallback=False))
    return await caption_clip(TWO_CITIES, settings, faults)


def require_as_good(outcome: ClipOutcome, wanted: ClipOutcome) -> None:
    assert outcome.gaps == []
    assert outcome.error_rate <= wanted.error_rate + ALLOWED, outcome.text


async def test_connections_that_are_reset(engine: EmbeddedEngine) -> None:
    wanted = await reference(engine)
    async with fault_proxy((await engine.endpoint()).port) as proxy:

        async def reset() -> None:
            proxy.reset()

        outcome = await behind_proxy(engine, proxy, {14.0: reset, 23.3: reset, 33.1: reset})
        assert proxy.accepted >= 4
    require_as_good(outcome, wanted)


async def test_a_pause_of_five_seconds(engine: EmbeddedEngine) -> None:
    wanted = await reference(engine)
    async with fault_proxy((await engine.endpoint()).port) as proxy:

        async def pause() -> None:
            proxy.pause()
            asyncio.get_running_loop().call_later(5.0, proxy.passes)

        outcome = await behind_proxy(engine, proxy, {16.0: pause})
        assert proxy.held > 0
    require_as_good(outcome, wanted)


async def test_an_engine_that_is_killed(engine: EmbeddedEngine) -> None:
    wanted = await reference(engine)

    async def kill() -> None:
        assert engine.pid is not None
        os.kill(engine.pid, signal.SIGKILL)

    before = engine.starts
    outcome = await caption_clip(TWO_CITIES, Settings(), {15.0: kill, 30.0: kill}, engine=engine)
    assert engine.starts >= before + 1
    require_as_good(outcome, wanted)
