"""The transcript on a real display: from the menu by keyboard, beside the captions, and away."""

from __future__ import annotations

import pytest

from tests.gui.overlay.test_on_screen import TITLE, open_editor
from tests.support.screen import Screen
from tests.support.watched_overlay import OverlayStarter

pytestmark = pytest.mark.screen

TRANSCRIPT = "Captioner transcript"


def test_it_opens_from_the_menu_clear_of_the_captions_and_gives_the_focus_back(
    screen: Screen, start_overlay: OverlayStarter
) -> None:
    editor = open_editor(screen)
    overlay = start_overlay(screen.changes)
    window = screen.await_window(TITLE)
    overlay.send("caption", id=0, text="It was the best of times.", final=True)
    x, y, width, height = screen.geometry(window)
    screen.xdotool("mousemove", str(x + width // 2), str(y + height // 2), "click", "3")

    def choose() -> bool:  # again and again: a menu has no title to wait for
        screen.xdotool("key", "r")
        return bool(screen.find_windows(TRANSCRIPT))

    screen.wait_for(choose, what="the menu does not open it")
    (transcript,) = screen.find_windows(TRANSCRIPT)
    screen.wait_for(lambda: screen.active_window() == transcript, what="it has no focus")
    left, top, wide, high = screen.geometry(transcript)
    assert top + high <= y or top >= y + height or left + wide <= x or left >= x + width
    screen.xdotool("key", "ctrl+f", "b", "e", "s", "t", "Return", "ctrl+w")
    screen.wait_for(lambda: screen.active_window() == editor, what="the focus did not come back")
    assert screen.find_windows(TRANSCRIPT) == []
    assert overlay.look()["is_visible"]
