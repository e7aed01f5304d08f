"""``captioner`` without a command."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from captioner.cli import default
from captioner.cli.default import sound_problem, why_not_a_window
from captioner.cli.main import main
from tests.support.clips import TWO_CITIES, word_error_rate
from tests.support.program import Program
from tests.support.pulse import SoundServer


def _says(sentence: str | None) -> Callable[[], str | None]:
    return lambda: sentence


def _unexpected() -> str | None:
    raise AssertionError("asked although the answer was known")


def test_the_first_problem_is_the_reason_and_ends_the_questions() -> None:
    assert why_not_a_window(_says(None), _says(None)) is None
    assert why_not_a_window(_says(None), _says("no sound")) == "no sound"
    assert why_not_a_window(_says("no display"), _unexpected) == "no display"


def test_a_window_is_shown_where_there_is_a_display_and_sound(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("captioner.cli.main.configure_logging", lambda *_, **__: None)
    monkeypatch.setattr(default, "display_problem", _says(None))
    monkeypatch.setattr(default, "sound_problem", _says(None))
    monkeypatch.setattr(default, "show_window", lambda _: 42)
    assert main(["--profile-dir", str(tmp_path)]) == 42


@pytest.mark.sound
@pytest.mark.usefixtures("pulse_server")
def test_sound_devices_are_found() -> None:
    assert sound_problem() is None


@pytest.mark.sound
def test_without_sound_devices_it_says_so(pulse_server: SoundServer) -> None:
    pulse_server.stop()
    problem = sound_problem()
    assert problem is not None
    assert problem.endswith(".")


def test_gui_without_a_display_is_an_error_with_its_fix(program: Program) -> None:
    done = program.run("gui")
    assert done.returncode == 13
    assert "Error: There is no display" in done.stderr
    assert "`captioner live`" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_without_a_display_the_sample_is_captioned_and_kept(program: Program) -> None:
    done = program.run()
    assert done.returncode == 0, done.stderr
    assert "There is no display" in done.stderr
    named = re.search(r"The transcript is in (.+\.txt)", done.stderr)
    assert named is not None
    transcript = Path(named[1])
    assert transcript.is_relative_to(program.profile)
    words = transcript.read_text(encoding="utf-8")
    assert word_error_rate(TWO_CITIES.text, words) <= 0.15
