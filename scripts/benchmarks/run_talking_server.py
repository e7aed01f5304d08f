"""A Riva server that says a numbered word for each 100 ms of sound, and nothing in silence.

It prints its port, and when its standard input ends, when it said each word: a JSON object from
the number of the word to ``time.monotonic()``, which all processes of one machine share.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Final

from tests.support.riva_server import ServedStream, final, partial, serve_riva

_UTTERANCE: Final = 20
"""Words until a final."""


async def _serve() -> None:
    said: dict[int, float] = {}

    async def talk(stream: ServedStream) -> None:
        words: list[str] = []
        async for pcm in stream.audio():
            stream.chunks.clear()  # an hour of it would be what is measured
            if not any(pcm):
                continue
            number = len(said)
            words.append(f"n{number}")
            said[number] = time.monotonic()
            if len(words) == _UTTERANCE:
                await stream.say(final(" ".join(words)))
                words = []
            else:
                await stream.say(partial(" ".join(words)))
        if words:
            await stream.say(final(" ".join(words)))

    async with serve_riva(talk) as server:
        print(server.port, flush=True)
        await asyncio.to_thread(sys.stdin.read)
    print(json.dumps(said))


if __name__ == "__main__":
    asyncio.run(_serve())
