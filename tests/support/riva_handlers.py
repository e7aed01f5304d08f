"""What servers of the Riva protocol do in more than one test."""

from __future__ import annotations

import grpc

from tests.support.riva_server import ServedStream, final, partial


async def refuse_key(stream: ServedStream) -> None:
    """Serve nobody."""
    await stream.abort(grpc.StatusCode.UNAUTHENTICATED, "no such key")


async def break_once(stream: ServedStream) -> None:
    """Hear 100 ms and break the first stream off after a partial; give the second one a final."""
    await stream.hear(1600)
    if stream.number == 0:
        await stream.say(partial("Here", processed_s=stream.heard_s))
        await stream.abort(grpc.StatusCode.UNAVAILABLE)
    await stream.say(final("Here again.", processed_s=stream.heard_s))
    await stream.hear_all()
