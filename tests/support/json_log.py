"""The log of the package in a file of its own, as the program writes it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from captioner.telemetry import logs
from captioner.telemetry.log_lines import JsonLines
from captioner.telemetry.logs import redact


@pytest.fixture(autouse=True)
def _secrets_of_one_test() -> Iterator[None]:
    """Forget what a test registers as a secret: a plain word would be hidden in all later logs."""
    secrets = logs._secrets
    before = frozenset(secrets)
    yield
    secrets.intersection_update(before)


@contextmanager
def logged_to(path: Path, level: int, *, verbose: bool = False) -> Iterator[None]:
    """Write what is logged from ``level`` on to ``path``, a JSON object a line, for a block."""
    logger = logging.getLogger("captioner")
    handler = logging.FileHandler(path)
    handler.setFormatter(JsonLines(redact, verbose=verbose))
    handler.setLevel(level)
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
        handler.close()
