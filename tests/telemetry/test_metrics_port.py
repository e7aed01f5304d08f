"""Who may read the metrics, and what is said where they cannot be served."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from captioner.core.errors import ConfigurationError, UnavailableError
from captioner.telemetry.metrics import CONTENT_TYPE, Metrics
from captioner.web.metrics_port import MetricsAddress, MetricsPort
from tests.support.metrics import scrape

TOKEN = "a-token-for-tests-1234"  # noqa: S105  # of no other port


@asynccontextmanager
async def served(token: SecretStr | None = None) -> AsyncIterator[str]:
    port = MetricsPort(MetricsAddress(0, token=token), Metrics().text, CONTENT_TYPE)
    url = await port.start()
    try:
        yield url
    finally:
        await port.close()


async def status_of(url: str, *, token: str = "", host: str = "") -> int:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    lines = [f"GET {parts.path} HTTP/1.1", f"Host: {host or parts.netloc}"]
    lines += [f"Authorization: Bearer {token}"] if token else []
    writer.write("\r\n".join([*lines, "", ""]).encode())
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return int(answer.split()[1])


async def test_everybody_on_this_computer_may_read_and_nobody_else() -> None:
    async with served() as url:
        found = await asyncio.to_thread(scrape, url)
        assert found["process_cpu_seconds_total"] > 0
        assert await status_of(url.replace("metrics", "other")) == 404
        assert await status_of(url, host="evil.example") == 403
    with pytest.raises(OSError, match="refused"):
        await asyncio.to_thread(scrape, url)


async def test_with_a_token_only_who_has_it() -> None:
    async with served(SecretStr(TOKEN)) as url:
        assert await asyncio.to_thread(lambda: scrape(url, token=TOKEN))
        assert await status_of(url) == await status_of(url, token="wrong") == 401  # noqa: S106
        with pytest.raises(HTTPError, match="401") as refused:
            await asyncio.to_thread(scrape, url)
    assert refused.value.headers["WWW-Authenticate"] == "Bearer"
    said = refused.value.read().decode()
    assert "Authorization: Bearer <token>" in said
    assert "WebSocket" not in said


@pytest.mark.parametrize("upgrade", [True, False])
async def test_a_websocket_is_no_way_in(*, upgrade: bool) -> None:
    async with served() as url:
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        lines = ["GET /metrics HTTP/1.1" if upgrade else "nonsense", f"Host: {parts.netloc}"]
        lines += ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
        lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", ""]
        writer.write("\r\n".join(lines).encode())
        async with asyncio.timeout(10):
            answer = await reader.read()
        writer.close()
        assert not answer.startswith(b"HTTP/1.1 101")


async def test_what_cannot_be_served_says_what_to_do() -> None:
    def port_at(number: int, host: str = "127.0.0.1") -> MetricsPort:
        return MetricsPort(MetricsAddress(number, host), Metrics().text, CONTENT_TYPE)

    with pytest.raises(ConfigurationError, match="when somebody speaks") as error:
        await port_at(0, "0.0.0.0").start()  # noqa: S104  # refused
    assert "--metrics-token-file" in error.value.hint
    with pytest.raises(ConfigurationError, match="no address of this computer"):
        await MetricsPort(
            MetricsAddress(0, "192.0.2.1", SecretStr(TOKEN)), bytes, CONTENT_TYPE
        ).start()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UnavailableError, match="in use by another program") as busy:
            await port_at(taken.getsockname()[1]).start()
    assert "--metrics-port" in busy.value.hint
