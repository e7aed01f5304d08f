"""Waiting for something to become true, with a limit: also for the end of what was started."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import psutil
import pytest

_LOOK_AGAIN_S = 0.005


async def until(condition: Callable[[], object], *, limit_s: float = 10.0) -> None:
    """Return as soon as ``condition`` holds; fail when it does not within ``limit_s`` seconds."""
    give_up = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < give_up, "the condition did not become true in time"
        await asyncio.sleep(_LOOK_AGAIN_S)


@pytest.fixture
async def no_task_left() -> AsyncIterator[None]:
    """Fail when a task that the test started outlives it."""
    before = asyncio.all_tasks()
    yield

    def left() -> list[str]:
        return [
            task.get_name()
            for task in asyncio.all_tasks() - before
            if task is not asyncio.current_task()
        ]

    # gRPC's server ends its own tasks a few turns of the loop after it has stopped.
    await until(lambda: not left(), limit_s=2.0)


@pytest.fixture
async def no_connection_left() -> AsyncIterator[None]:
    """Fail when the test leaves a connection open."""
    process = psutil.Process()
    before = len(process.net_connections("tcp"))
    yield
    await until(lambda: len(process.net_connections("tcp")) <= before)
