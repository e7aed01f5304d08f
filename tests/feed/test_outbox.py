"""A client that reads slowly is skipped ahead, told so, and dropped when it reads nothing."""

from __future__ import annotations

import asyncio
import json
import socket
from urllib.parse import urlsplit

import pytest

from captioner.web import outbox as web_outbox
from captioner.web.outbox import SKIPPED, Message, Outbox
from tests.support.feed import TOKEN, Served, caption, heard, serve_feed
from tests.support.wait import until


def partial(said: str, channel: str = "") -> Message:
    return Message(said, replaces=channel or "partial", is_passing=True)


async def text(outbox: Outbox) -> str:
    message = await outbox.take()
    assert message is not None
    return message.text


async def test_only_the_newest_partial_of_a_channel_waits() -> None:
    outbox = Outbox()
    for message in (partial("a"), partial("x", "other"), partial("a b"), partial("a b c")):
        outbox.put(message)
    assert [await text(outbox) for _ in range(2)] == ["x", "a b c"]


async def test_a_final_takes_the_place_of_its_partial_and_is_never_replaced() -> None:
    outbox = Outbox()
    for message in (
        partial("a"),
        Message("A.", replaces="partial"),
        partial("b"),
        Message("B.", replaces="partial"),
    ):
        outbox.put(message)
    assert [await text(outbox) for _ in range(2)] == ["A.", "B."]
    assert len(outbox) == 0


async def test_what_is_too_much_is_left_out_from_the_oldest_on_and_said() -> None:
    outbox = Outbox()
    for number in range(web_outbox._LIMIT + 3):
        outbox.put(Message(str(number), number))
    notice = json.loads(await text(outbox))
    assert (notice["code"], notice["segment_id"]) == (SKIPPED, 3)
    assert "3 captions" in notice["error"]
    assert await text(outbox) == "3"


def stubborn(served: Served) -> socket.socket:
    """Connect by hand, and read nothing beyond the answer to the handshake."""
    parts = urlsplit(served.address.socket_url)
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.settimeout(10)
    deaf.connect((parts.hostname, parts.port))
    deaf.sendall(
        f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: captioner.v1, token.{TOKEN}\r\n\r\n"
        "".encode()
    )
    assert deaf.recv(12) == b"HTTP/1.1 101"
    return deaf


async def test_a_client_that_pings_and_reads_nothing_is_dropped() -> None:
    ping = b"\x89\xfd\0\0\0\0" + b"x" * 125
    async with serve_feed() as served:
        with stubborn(served) as deaf:
            await until(lambda: served.feed.clients == 1)
            flood = asyncio.to_thread(deaf.sendall, ping * 200_000)
            with pytest.raises((ConnectionResetError, BrokenPipeError)):
                await flood
        await until(lambda: served.feed.clients == 0)


async def test_a_client_that_reads_nothing_is_dropped_and_delays_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(web_outbox, "SEND_LIMIT_S", 0.5)
    async with serve_feed() as served, served.client() as reader:
        await heard(reader)
        with stubborn(served):
            await until(lambda: served.feed.clients == 2)
            number = 0
            while served.feed.clients == 2:
                served.feed(caption(number, "word " * 20_000, final=True))
                assert (await heard(reader))["segment_id"] == number
                number += 1
        served.feed(caption(number, "and on"))
        assert (await heard(reader))["text"] == "and on"
