"""Waiting for something to become true, with a limit: also for the end of what was started."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import psutil
import pytest

_LOOK_AGAIN_S = 0.005


async def until(condition: Callable[[], object], *, limit_s: float = 10.0) -> None:
    """Return as soon as ``condition`` holds; fail when it does not within ``limit_s`` seconds."""
    give_up = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < give_up, "the condition did not become true in time"
        await asyncio.sleep(_LOOK_AGAIN_S)


@asynccontextmanager
async def nothing_left() -> AsyncIterator[None]:
    """Fail when a task or a connection that was begun within the block outlives it."""
    process = psutil.Process()
    tasks = asyncio.all_tasks()
    connections = len(process.net_connections("tcp"))
    yield

    def left() -> list[str]:
        return [
            task.get_name()
            for task in asyncio.all_tasks() - tasks
            if task is not asyncio.current_task()
        ]

    # gRPC's server ends its own tasks a few turns of the loop after it has stopped.
    await until(lambda: not left(), limit_s=2.0)
    await until(lambda: len(process.net_connections("tcp")) <= connections)


@pytest.fixture
async def no_task_left() -> AsyncIterator[None]:
    """Fail when a task or a connection of the test outlives it."""
    async with nothing_left():
        yield
