"""The status on a real display: the dot takes a click and no focus, Esc gives the focus back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gui.overlay.test_on_screen import TITLE, open_editor
from tests.support.screen import Screen
from tests.support.watched_overlay import OverlayStarter

pytestmark = pytest.mark.screen

STATUS = "Captioner status"


def test_a_click_on_the_dot_opens_the_status_and_escape_closes_it(
    screen: Screen, start_overlay: OverlayStarter, tmp_path: Path
) -> None:
    editor = open_editor(screen)
    overlay = start_overlay(screen.changes)
    window = screen.await_window(TITLE)
    x, y, width, height = screen.geometry(window)
    screen.xdotool("mousemove", str(x + 20), str(y + 14), "click", "1")

    status = screen.await_window(STATUS)
    screen.wait_for(lambda: screen.active_window() == status, what="the status has no focus")
    assert not overlay.look()["is_active"]
    assert screen.geometry(window) == (x, y, width, height), "the click moved nothing"
    _, top, _, high = screen.geometry(status)
    assert top + high <= y or top >= y + height, "it stands beside the captions"
    screen.xdotool("key", "Escape")
    screen.wait_for(lambda: screen.active_window() == editor, what="the focus did not come back")
    assert screen.find_windows(STATUS) == []
