"""Captions with or without a feed: ``run_feed RECORD SERVER_PORT feed|alone``; sound on stdin.

The words are those of `run_talking_server`. It prints where the feed is, or a dash. At the end,
RECORD holds a JSON object from the number of each word to the ``time.monotonic()`` at which a
listener that comes after the feed had it.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from captioner.cli.running import run_session
from captioner.core.events import CaptionChanged, SessionEvent
from captioner.feed.feed import Feed
from captioner.session.controller import CaptionSession
from captioner.settings.feed import FeedSettings
from captioner.settings.models import Settings

WORD: Final = re.compile(r"\bn(\d+)\b")


async def _caption(record: Path, server_port: int, *, is_served: bool) -> None:
    heard: dict[int, float] = {}

    def note(event: SessionEvent) -> None:
        if isinstance(event, CaptionChanged):
            now = time.monotonic()
            for number in map(int, WORD.findall(event.shown)):
                heard.setdefault(number, now)

    session = CaptionSession(
        Settings.model_validate(
            {
                "audio": {"source": "-"},
                "endpoints": [{"host": "127.0.0.1", "port": server_port}],
                "captions": {"stability": "responsive"},
            }
        )
    )
    feed = Feed(FeedSettings(port=0), SecretStr(os.environ["CAPTIONER_FEED_TOKEN"]))
    address = "-"
    if is_served:
        address = (await feed.start()).socket_url
        session.subscribe(feed)
    session.subscribe(note)
    print(address, flush=True)
    try:
        await run_session(session)
    finally:
        if is_served:
            await feed.close()
        await asyncio.to_thread(record.write_text, json.dumps(heard))


if __name__ == "__main__":
    asyncio.run(_caption(Path(sys.argv[1]), int(sys.argv[2]), is_served=sys.argv[3] == "feed"))
