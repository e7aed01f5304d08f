"""Fixtures for every test: those of all modules in ``tests/support``."""

from __future__ import annotations

from pathlib import Path

pytest_plugins = [
    f"tests.support.{module.stem}"
    for module in sorted((Path(__file__).parent / "support").glob("*.py"))
    if module.stem != "__init__"
]
