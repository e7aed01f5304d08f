"""What the embedded engine says is in one log: its own, and what is wrong also in ours."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import psutil
import pytest

from captioner.session import engine_process
from captioner.session.embedded import EmbeddedEngine
from captioner.session.engine_process import EngineProcess
from captioner.settings.models import EngineSettings
from tests.support.json_log import logged_to

MOCK = EngineSettings(backend="mock")


@pytest.mark.parametrize(("level", "is_verbose"), [(logging.DEBUG, True), (logging.INFO, False)])
async def test_its_log_is_as_verbose_as_ours(
    *, level: int, is_verbose: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAPTIONER_PROFILE_DIR", str(tmp_path / "profile"))
    with logged_to(tmp_path / "ours", level):
        engine = EmbeddedEngine(MOCK)
        await engine.endpoint()
        assert ("--verbose" in psutil.Process(engine.pid).cmdline()) == is_verbose
        await engine.close()
    text = (tmp_path / "profile" / "logs" / "engine.log").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    assert any("listens on" in line["message"] for line in lines)
    assert "engine: " not in (tmp_path / "ours").read_text(encoding="utf-8")


def test_what_it_only_tells_is_not_written_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = r"Warning: The disk is slow.\nError: No room.\nHint: Make some.\nInfo: Engine stopped\n"
    program = f"import sys; sys.stderr.write('{said}')"
    monkeypatch.setattr(engine_process, "_command", lambda *_: [sys.executable, "-c", program])
    with logged_to(tmp_path / "ours", logging.DEBUG):
        process = EngineProcess(MOCK)
        assert process.read_announcement() == b""
        process.close()
    lines = (tmp_path / "ours").read_text(encoding="utf-8").splitlines()
    messages = [json.loads(line)["message"] for line in lines]
    told = ["Warning: The disk is slow.", "Error: No room.", "Hint: Make some."]
    assert messages == [f"engine: {each}" for each in told]
    assert process.last_words == "No room."
