"""A real server, as the RIVA_* names of the environment describe it; nothing runs without one."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from captioner.settings.endpoints import EndpointSettings
from captioner.settings.models import Settings
from captioner.settings.paths import ProfilePaths
from captioner.settings.store import load_settings
from tests.support.fault_proxy import FaultProxy, fault_proxy


@pytest.fixture
def live_settings(tmp_path: Path) -> Settings:
    """The settings of a fresh profile and the environment; other servers take nothing over."""
    if not os.environ.get("RIVA_HOST"):
        pytest.skip("RIVA_HOST is not set: these run against a real server, scripts/test.sh --live")
    settings = load_settings(ProfilePaths.under(tmp_path)).settings
    alone = settings.connection.model_copy(update={"embedded_fallback": False})
    return settings.model_copy(update={"connection": alone})


@pytest.fixture
def live_server(live_settings: Settings) -> EndpointSettings:
    """The server."""
    assert live_settings.endpoint is not None
    return live_settings.endpoint


@pytest.fixture
async def proxy(live_server: EndpointSettings) -> AsyncIterator[FaultProxy]:
    """A proxy before the server, on this machine."""
    async with fault_proxy(live_server.port, live_server.host) as running:
        yield running


@pytest.fixture
def through_proxy(live_settings: Settings, proxy: FaultProxy) -> Settings:
    """The same settings, with the way to the server through the proxy."""
    assert live_settings.endpoint is not None
    server = live_settings.endpoint
    update = {
        "host": "127.0.0.1",
        "port": proxy.port,
        # The certificate is still the server's own.
        "target_name": server.target_name or server.host,
        "proxy": "none",
    }
    return live_settings.model_copy(update={"endpoints": (server.model_copy(update=update),)})
