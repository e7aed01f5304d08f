"""The settings on a real display, while captions run, with keys alone."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import QRect

from tests.support.program import Program
from tests.support.screen import Screen
from tests.support.watched_overlay import OverlayStarter, WatchedOverlay

pytestmark = pytest.mark.screen


def is_covered(screen: Screen, dialog: int, overlay: WatchedOverlay) -> bool:
    x, y, width, height = screen.geometry(dialog)
    # xdotool counts the frame twice.
    frame = screen.xprop("-id", str(dialog), "_NET_FRAME_EXTENTS").partition("=")[2].split(",")
    place = QRect(x - int(frame[0]), y - int(frame[2]), width, height)
    return place.intersects(QRect(*overlay.look()["place"]))


def test_settings_are_changed_while_captions_go_on(
    screen: Screen, start_overlay: OverlayStarter, program: Program
) -> None:
    overlay = start_overlay(screen.changes)
    overlay.send("caption", id=0, text="before", final=True)
    assert program.run("settings").returncode == 0
    dialog = screen.await_window("Captioner settings")
    screen.wait_for(lambda: screen.active_window() == dialog, what="the settings have no focus")

    assert not is_covered(screen, dialog, overlay)
    overlay.send("caption", id=1, text="while they are open")
    overlay.wait_until(
        lambda seen: "while they are open" in seen["painted"], what="captions stand still"
    )
    screen.xdotool("key", "ctrl+f")
    screen.xdotool("type", "lines of captions")
    screen.xdotool("key", "Return")
    screen.xdotool("key", "Up", "Up")
    overlay.wait_until(lambda seen: seen["place"][3] > 150, what="nothing is previewed")
    screen.wait_for(
        lambda: not is_covered(screen, dialog, overlay), what="larger captions cover the settings"
    )
    file = program.profile / "settings.json"
    assert not file.exists() or "lines" not in file.read_text()

    screen.xdotool("key", "Escape")  # it asks, because something is not applied
    overlay.send("caption", id=1, text="while it asks")
    assert screen.active_window() == dialog
    screen.xdotool("key", "Return")
    screen.wait_for(
        lambda: not screen.find_windows("Captioner settings"), what="the settings stay open"
    )

    overlay.stop()
    assert json.loads(file.read_text())["overlay"]["lines"] == 4
