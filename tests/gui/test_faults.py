"""What reaches nobody else reaches the user: our own faults, and errors with a remedy."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from captioner.core.errors import ConfigurationError
from captioner.gui.faults import faults_told

logger = logging.getLogger(__name__)


@pytest.fixture
def told(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Yield what the user is told."""
    monkeypatch.setattr(sys, "excepthook", lambda *_: logger.critical("a fault"))
    texts: list[str] = []
    loop = asyncio.new_event_loop()
    with faults_told(loop, texts.append):
        yield texts
    loop.close()


def meet(error: Exception) -> None:
    sys.excepthook(type(error), error, None)


def test_an_error_with_a_remedy_is_told_and_is_not_called_a_fault(
    told: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    meet(ConfigurationError("The settings could not be saved.", hint="Free some space."))

    assert told == ["The settings could not be saved. Free some space."]
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("ERROR", "The settings could not be saved.")
    ]


def test_a_fault_of_ours_is_logged_and_called_one(
    told: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    meet(ValueError("what it was is for the log alone"))

    assert told == ["Captioner met a fault of its own. The log file has the details."]
    assert [record.message for record in caplog.records] == ["a fault"]
