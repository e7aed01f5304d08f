"""Strangers and vandals: each is refused by the book, and the feed goes on for the others."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme
from pydantic import SecretStr
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from captioner.core.errors import ConfigurationError, TlsError, UnavailableError
from captioner.feed.feed import Feed
from captioner.settings.feed import FeedSettings
from captioner.web import server as web_server
from tests.support.feed import LIMIT_S, TOKEN, Served, caption, heard, serve_feed
from tests.support.wait import until


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    """A feed that must still work for others at the end."""
    async with serve_feed() as running:
        yield running
        await until(lambda: running.feed.clients == 0)
        async with running.client() as client:
            await heard(client)
            running.feed(caption(0, "unharmed"))
            assert (await heard(client))["text"] == "unharmed"


async def raw(served: Served, request: bytes) -> bytes:
    """Send ``request`` as it is; return all that comes back until the server hangs up."""
    parts = urlsplit(served.address.socket_url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(request)
    async with asyncio.timeout(LIMIT_S):
        answer = await reader.read()
    writer.close()
    return answer


def request(served: Served, path: str, *lines: str, host: str = "") -> bytes:
    head = (f"GET {path} HTTP/1.1", f"Host: {host or urlsplit(served.address.socket_url).netloc}")
    return "\r\n".join((*head, *lines, "", "")).encode()


async def test_without_the_token_nobody_reads_along(served: Served) -> None:
    for token in ("", "x", TOKEN[:-1], TOKEN.upper()):
        with pytest.raises(InvalidStatus) as refused:
            async with served.client(token=token):
                pass
        assert refused.value.response.status_code == 401
        assert TOKEN not in str(refused.value.response.body)
    with pytest.raises(InvalidStatus) as refused:
        async with served.client(query=f"?token={TOKEN}"):
            pass
    assert refused.value.response.status_code == 400  # even the right one: queries are logged
    async with connect(
        served.address.socket_url,
        additional_headers={"Authorization": f"Bearer {TOKEN}"},
        proxy=None,
    ) as program:
        assert (await heard(program))["type"] == "connection"


async def test_pages_from_elsewhere_are_refused_unless_they_are_listed(served: Served) -> None:
    own = served.address.page_url(SecretStr(TOKEN)).partition("/#")[0]
    for origin in ("https://evil.example", "null", own.replace("http", "https"), own + ".evil"):
        with pytest.raises(InvalidStatus) as refused:
            async with served.client(origin=origin):
                pass
        assert refused.value.response.status_code == 403
    async with served.client(origin=own) as page:
        await heard(page)
    async with (
        serve_feed(origins=["https://overlay.example"]) as open_one,
        open_one.client(origin="https://overlay.example") as page,
    ):
        await heard(page)


async def test_a_name_that_only_points_at_this_computer_is_refused(served: Served) -> None:
    for host in ("evil.example", "evil.example:8760", "127.0.0.1.evil.example", "[", ""):
        answer = await raw(served, request(served, "/", host=host or " "))
        assert answer.startswith(b"HTTP/1.1 403"), host
    twice = request(served, "/", "Host: evil.example")
    assert (await raw(served, twice)).startswith(b"HTTP/1.1 403")
    port = served.address.port
    assert (await raw(served, request(served, "/", host=f"localhost:{port}"))).startswith(
        b"HTTP/1.1 200"
    )


async def test_only_the_page_is_served_and_it_keeps_to_itself(served: Served) -> None:
    answer = await raw(served, request(served, "/?size=48"))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert b"default-src 'none'" in head
    assert b"unsafe" not in head
    assert b"<script src=" in body
    assert b"style=" not in body
    for path in ("/overlay.js", "/overlay.css"):
        assert (await raw(served, request(served, path))).startswith(b"HTTP/1.1 200")
    for path in ("/../pyproject.toml", "/overlay.js/", "/%2e%2e/settings.json", "//etc/passwd"):
        assert (await raw(served, request(served, path))).startswith(b"HTTP/1.1 404")


async def test_broken_requests_end_their_own_connection_alone(served: Served) -> None:
    async with served.client() as witness:
        await heard(witness)
        for nonsense in (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 600 + b"\r\n",
            b"POST / HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 400 + b"\r\n",
            b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
            b"\r\n\r\n",
        ):
            assert b"101" not in (await raw(served, nonsense)).split(b"\r\n")[0]
        await witness.send('{"type":"ping"}')
        assert (await heard(witness))["type"] == "pong"


async def test_bytes_that_are_no_text_are_refused_as_strangers_are(served: Served) -> None:
    upgrade = (
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    )
    path = urlsplit(served.address.socket_url).path
    for line in ("Authorization: Bearer ", "Sec-WebSocket-Protocol: token."):
        stranger = request(served, path, *upgrade, f"{line}?").replace(b"?", b"\xff")
        assert (await raw(served, stranger)).startswith(b"HTTP/1.1 401 ")
    assert (await raw(served, request(served, "//["))).startswith(b"HTTP/1.1 404 ")


async def test_frames_that_nobody_needs_end_the_connection(served: Served) -> None:
    for message, code in ((b"\0\1" * 800, 1003), ("x" * 5000, 1009)):
        async with served.client() as client:
            await heard(client)
            await client.send(message)
            with pytest.raises(ConnectionClosedError) as closed:
                await heard(client)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == code
    async with served.client() as flood:
        await heard(flood)
        for _ in range(20):
            await flood.send('{"type":"ping"}')
            await heard(flood)
        await flood.send('{"type":"ping"}')
        with pytest.raises(ConnectionClosedError) as closed:
            await heard(flood)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008


async def test_a_request_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_server, "_OPEN_LIMIT_S", 0.3)
    async with serve_feed() as served:
        assert await raw(served, b"GET / HTTP/1.1\r\nHost: 127") == b""


async def test_there_is_room_for_so_many_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_server, "_WITHOUT_HANDSHAKE", 3)
    async with serve_feed(max_clients=2) as served, served.client(), served.client() as second:
        await until(lambda: served.feed.clients == 2)
        with pytest.raises(InvalidStatus) as refused:
            async with served.client():
                pass
        assert refused.value.response.status_code == 503
        await second.close()
        await until(lambda: served.feed.clients == 1)
        async with served.client() as third:
            await heard(third)
            # Sockets that say nothing are taken in up to a limit, which a page still fits in.
            silent = [
                await asyncio.open_connection("127.0.0.1", served.address.port) for _ in range(3)
            ]
            reader, writer = await asyncio.open_connection("127.0.0.1", served.address.port)
            with contextlib.suppress(ConnectionResetError):
                async with asyncio.timeout(LIMIT_S):
                    assert await reader.read() == b""
            for _, each in (*silent, (reader, writer)):
                each.close()


async def test_nothing_is_served_to_others_without_encryption() -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "captions.example"):  # noqa: S104  # refused
        with pytest.raises(ConfigurationError, match="without encryption"):
            async with serve_feed(host=host):
                pass


async def test_a_port_that_is_taken_is_said() -> None:
    async with serve_feed() as served:
        settings = FeedSettings(port=served.address.port)
        with pytest.raises(UnavailableError, match="in use by another program"):
            await Feed(settings, SecretStr(TOKEN)).start()


async def test_with_tls_others_may_read_along(tmp_path: Path) -> None:
    authority = trustme.CA()
    pem = tmp_path / "feed.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(pem))
    context = ssl.create_default_context()
    authority.configure_trust(context)
    async with serve_feed(host="0.0.0.0", tls_cert=str(pem)) as served:  # noqa: S104  # with TLS
        url = f"wss://localhost:{served.address.port}/ws/captions"
        assert served.address.socket_url.startswith("wss://")
        with pytest.raises(InvalidStatus):
            async with connect(url, ssl=context, proxy=None):
                pass
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with connect(url, ssl=context, additional_headers=headers, proxy=None) as client:
            await heard(client)
            served.feed(caption(0, "secret"))
            assert (await heard(client))["text"] == "secret"
    (tmp_path / "other.pem").write_text("nothing of the kind")
    with pytest.raises(TlsError, match="cannot be used"):
        async with serve_feed(tls_cert=str(tmp_path / "other.pem")):
            pass
    with pytest.raises(TlsError, match="cannot be read"):
        async with serve_feed(tls_cert=str(tmp_path / "gone.pem")):
            pass
