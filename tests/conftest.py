"""Fixtures for every test: those of all modules in ``tests/support``. Quick tests run first."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = [
    f"tests.support.{module.stem}"
    for module in sorted((Path(__file__).parent / "support").glob("*.py"))
    if module.stem != "__init__"
]

_LATER = ("sound", "screen", "slow")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests that need little time first, so that a plain mistake shows at once."""
    items.sort(
        key=lambda item: sum(2**n for n, m in enumerate(_LATER) if item.get_closest_marker(m))
    )
