"""Waiting for something to become true, with a limit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

_LOOK_AGAIN_S = 0.005


async def until(condition: Callable[[], object], *, limit_s: float = 10.0) -> None:
    """Return as soon as ``condition`` holds; fail when it does not within ``limit_s`` seconds."""
    give_up = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < give_up, "the condition did not become true in time"
        await asyncio.sleep(_LOOK_AGAIN_S)
