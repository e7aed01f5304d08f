"""Commands that run in the tests' own process leave no log file open."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_log_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("captioner.cli.main.configure_logging", lambda *_, **__: None)
