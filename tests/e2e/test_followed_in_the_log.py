"""The log alone tells the way of an utterance, from the audio that was sent to the screen."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.clips import BECKETT, normalised
from tests.support.program import Program
from tests.support.screen import Screen
from tests.support.watched_overlay import OverlayStarter

pytestmark = [pytest.mark.slow, pytest.mark.screen, pytest.mark.timeout(120)]


def test_every_final_is_followed_by_its_ids(
    screen: Screen, start_overlay: OverlayStarter, program: Program
) -> None:
    source = f"file:{BECKETT.path}"
    overlay = start_overlay(
        screen.changes,
        *("--verbose", "gui", "--skip-welcome", "--source", source),
        is_scripted=False,
    )
    overlay.wait_until(
        lambda seen: normalised(seen["painted"]).endswith("better"),
        what="the last words never came",
        limit_s=60,
    )
    overlay.stop()
    lines = logged(program)
    finals = [line for line in named(lines, "Caption") if line["is_final"]]
    painted = {ids(line) for line in named(lines, "Painted") if line["is_final"]}
    assert finals
    assert {ids(line) for line in finals} == painted
    for final in finals:
        sent = [line for line in named(lines, "Sent") if line["session"] == final["session"]]
        assert any(
            line["stream"] == final["stream"] and line["start_ms"] < final["end_ms"]
            for line in sent
        )
        assert sent[-1]["end_ms"] >= final["end_ms"]
    assert not any("better" in json.dumps(line).lower() for line in lines)


def logged(program: Program) -> list[dict[str, Any]]:
    """Return the lines of the window's log."""
    text = (program.profile / "logs" / "captioner.log").read_text()
    return [json.loads(line) for line in text.splitlines()]


def named(lines: list[dict[str, Any]], message: str) -> list[dict[str, Any]]:
    """Return the lines of one kind."""
    return [line for line in lines if line["message"] == message]


def ids(line: dict[str, Any]) -> tuple[object, ...]:
    """Return what one caption has in common wherever it is written of."""
    return tuple(line[name] for name in ("session", "stream", "segment", "end_ms"))
