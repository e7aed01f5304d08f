"""The menu of a real tray icon, driven by keyboard on a real display."""

from __future__ import annotations

import pytest

from tests.gui.overlay.test_on_screen import TITLE
from tests.support.screen import Screen
from tests.support.watched_overlay import OverlayStarter, WatchedOverlay

pytestmark = pytest.mark.screen


def press_in_menu(
    screen: Screen, overlay: WatchedOverlay, key: str, *, until: tuple[str, object]
) -> None:
    """Open the menu of the icon and press ``key``, again and again until that has an effect."""
    x, y, width, height = screen.geometry(screen.find_windows("panel")[0])
    name, value = until

    def press() -> bool:  # a menu has no title to wait for
        if overlay.look()[name] == value:
            return True
        screen.xdotool("mousemove", str(x + width // 2), str(y + height // 2), "click", "3")
        screen.xdotool("key", "--delay", "100", key)
        return False

    screen.wait_for(press, what=f"{key} in the menu did not lead to {name}")


def test_pause_and_hiding_are_chosen_in_the_tray(
    composited_screen: Screen, start_overlay: OverlayStarter
) -> None:
    overlay = start_overlay(composited_screen.changes)
    composited_screen.await_window(TITLE)
    composited_screen.wait_for(
        lambda: composited_screen.find_windows("panel") != [], what="there is no tray"
    )

    press_in_menu(composited_screen, overlay, "p", until=("is_held", True))
    press_in_menu(composited_screen, overlay, "h", until=("is_visible", False))
    press_in_menu(composited_screen, overlay, "h", until=("is_visible", True))
