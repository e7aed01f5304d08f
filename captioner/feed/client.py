"""One client: what is written to it, and the little that it may say."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from typing import Final

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from captioner.feed.hub import Hub
from captioner.transcript.contract import PongEvent, timestamp
from captioner.web.access import client_id
from captioner.web.outbox import Message, Outbox, send_all

_MESSAGES: Final = 20
_WITHIN_S: Final = 10.0
"""More messages than that in that time are too many: nothing that a client says is needed."""

_AUDIO_COMMANDS: Final = frozenset({"start_recording", "stop_recording", "configure"})


async def serve_client(connection: ServerConnection, hub: Hub) -> None:
    """Tell the client of ``connection`` everything until it leaves or is dropped."""
    outbox = Outbox()
    hub.join(outbox, client_id(connection))
    try:
        async with asyncio.TaskGroup() as both:
            writing = both.create_task(send_all(connection, outbox), name="feed-write")
            await _read(connection, hub, outbox)
            writing.cancel()
    finally:
        hub.leave(outbox)


async def _read(connection: ServerConnection, hub: Hub, outbox: Outbox) -> None:
    moments: deque[float] = deque(maxlen=_MESSAGES)
    try:
        async for message in connection:
            now = time.monotonic()
            if len(moments) == _MESSAGES and now - moments[0] < _WITHIN_S:
                await connection.close(CloseCode.POLICY_VIOLATION, "too many messages")
                return
            moments.append(now)
            if isinstance(message, bytes):
                await connection.close(CloseCode.UNSUPPORTED_DATA, "this feed takes no audio")
                return
            _answer(message, hub, outbox)
    except ConnectionClosed:
        return


def _answer(message: str, hub: Hub, outbox: Outbox) -> None:
    try:
        told = json.loads(message)
        kind = told["type"]
    except (ValueError, TypeError, KeyError, RecursionError):
        hub.refuse(outbox, 'Messages are JSON objects with a "type".', "BAD_MESSAGE")
        return
    if kind == "ping":
        pong = PongEvent(timestamp=timestamp()).to_json()
        outbox.put(Message(pong, replaces="pong", is_passing=True))
    elif isinstance(kind, str) and kind in _AUDIO_COMMANDS:
        hub.refuse(outbox, "This feed is only read: it takes no audio.", "READ_ONLY")
    else:
        hub.refuse(outbox, "There is no such message.", "UNKNOWN_MESSAGE")
