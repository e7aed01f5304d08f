"""Qt for the tests in this process: its offscreen platform, chosen before the application is."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    return ["captioner", "-platform", "offscreen"]


@pytest.fixture(autouse=True)
def _garbage_waits() -> Iterator[None]:
    """Collect no garbage during a test: a worker that did would let objects of Qt die in it."""
    gc.disable()
    yield
    gc.enable()
