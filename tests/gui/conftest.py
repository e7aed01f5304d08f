"""Qt for the tests in this process: its offscreen platform, chosen before the application is."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    return ["captioner", "-platform", "offscreen"]
