"""Fixtures for every test: those of all modules in ``tests/support``. Quick tests run first."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# The same examples in every run; new ones are looked for with --hypothesis-profile=search.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", max_examples=5_000, deadline=None, print_blob=True)
settings.load_profile("repeatable")

# These modules use each other, so one may be imported before its turn as a plugin comes.
pytest.register_assert_rewrite("tests.support")

pytest_plugins = [
    f"tests.support.{module.stem}"
    for module in sorted((Path(__file__).parent / "support").glob("*.py"))
    if module.stem != "__init__"
]
# All of them before the first is loaded, because they import one another.
pytest.register_assert_rewrite(*pytest_plugins)

_LATER = ("sound", "screen", "slow")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests that need little time first, so that a plain mistake shows at once."""
    items.sort(
        key=lambda item: sum(2**n for n, m in enumerate(_LATER) if item.get_closest_marker(m))
    )
