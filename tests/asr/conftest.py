"""What every test of this package checks at its end."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def ends_its_tasks(no_task_left: None) -> None:
    """No test may leave a task behind."""
