"""What every test of the recognition client checks at its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.support.wait import until


@pytest.fixture(autouse=True)
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
