"""The real window among others: docked, on monitors that come and go, over full-screen windows."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from tests.support.program import Program
from tests.support.screen import Screen, running_screen
from tests.support.watched_overlay import OverlayStarter, WatchedOverlay

pytestmark = pytest.mark.screen

TITLE = "Captioner"
WIDTH, HEIGHT = 800, 900
BLUE_FULL_SCREEN = """
from PySide6.QtWidgets import QApplication, QWidget
application = QApplication([])
window = QWidget()
window.setWindowTitle("Film")
window.setStyleSheet("background: #0000ff")
window.showFullScreen()
application.exec()
"""
BUTTON = """
from PySide6.QtWidgets import QApplication, QPushButton
application = QApplication([])
button = QPushButton("Press")
button.setWindowTitle("Behind")
button.clicked.connect(lambda: button.setWindowTitle(button.windowTitle() + "+"))
button.showMaximized()
application.exec()
"""


@pytest.fixture
def two_monitors() -> Iterator[Screen]:
    """A display with the monitors left and right, each 800 pixels wide."""
    with running_screen(size=(2 * WIDTH, HEIGHT)) as screen:
        set_monitor(screen, "left", 0, output="screen")
        set_monitor(screen, "right", WIDTH)
        yield screen


def xrandr(screen: Screen, *arguments: str) -> None:
    subprocess.run(["/usr/bin/xrandr", *arguments], env=screen.environ, check=True, timeout=10)


def set_monitor(
    screen: Screen, name: str, x: int, *, output: str = "none", width: int = WIDTH
) -> None:
    xrandr(screen, "--setmonitor", name, f"{width}/200x{HEIGHT}/200+{x}+0", output)


def write_settings(program: Program, **overlay: object) -> None:
    program.profile.mkdir()
    settings = {"version": 2, "overlay": overlay}
    (program.profile / "settings.json").write_text(json.dumps(settings))


def saved_overlay(program: Program) -> dict[str, object]:
    saved = json.loads((program.profile / "settings.json").read_text())["overlay"]
    assert isinstance(saved, dict)
    return saved


def await_place(overlay: WatchedOverlay, *place: int) -> None:
    overlay.wait_until(lambda seen: seen["place"] == list(place), what=f"not at {place}")


def restyle(overlay: WatchedOverlay, **settings: object) -> list[int]:
    place: list[int] = overlay.ask({"ask": "restyle", "settings": settings})["place"]
    return place


def test_it_docks_at_the_edges_of_a_screen_and_floats_again_where_it_was(
    two_monitors: Screen, program: Program, start_overlay: OverlayStarter
) -> None:
    floating = {"x": 300, "y": 200, "width": 400, "height": 104}
    write_settings(program, geometry=floating)
    overlay = start_overlay(two_monitors.changes)
    window = two_monitors.await_window(TITLE)

    _, _, _, height = restyle(overlay, dock="top", geometry=floating)
    await_place(overlay, 0, 0, WIDTH, height)
    xrandr(two_monitors, "--delmonitor", "left")
    set_monitor(two_monitors, "left", 0, output="screen", width=WIDTH - 100)
    await_place(overlay, 0, 0, WIDTH - 100, height)
    _, _, _, taller = restyle(overlay, dock="bottom", screen="right", lines=4, geometry=floating)
    await_place(overlay, WIDTH, HEIGHT - taller, WIDTH, taller)
    assert taller > height
    two_monitors.wait_for(
        lambda: two_monitors.geometry(window) == (WIDTH, HEIGHT - taller, WIDTH, taller),
        what="the window is elsewhere",
    )
    restyle(overlay, dock="full", screen="right", geometry=floating)
    await_place(overlay, WIDTH, 0, WIDTH, HEIGHT)
    overlay.send("caption", id=0, text="word " * 400, final=True)
    assert len(overlay.look()["shown"]) > 15

    restyle(overlay, geometry=floating)
    await_place(overlay, *floating.values())
    assert overlay.stop() == 130
    assert saved_overlay(program)["geometry"] == floating


def test_over_a_whole_screen_it_makes_room_for_the_settings(
    screen: Screen, program: Program, start_overlay: OverlayStarter
) -> None:
    width, height = screen.size
    write_settings(program, dock="full", screen="", lines=3)
    overlay = start_overlay(screen.changes)
    await_place(overlay, 0, 0, width, height)

    assert program.run("settings").returncode == 0
    settings = screen.await_window("Captioner settings")
    screen.wait_for(lambda: screen.active_window() == settings, what="settings have no focus")
    seen = overlay.wait_until(lambda seen: seen["place"][1] > height // 2, what="it covers them")
    assert seen["place"][2] == width
    screen.xdotool("key", "Escape")
    await_place(overlay, 0, 0, width, height)


def test_first_steps_and_settings_open_where_no_caption_covers_them(
    screen: Screen, program: Program, start_overlay: OverlayStarter
) -> None:
    write_settings(program, lines=4)
    overlay = start_overlay(screen.changes, "gui")
    assert_not_covered(screen, overlay, "Welcome to Captioner")
    assert program.run("settings").returncode == 0
    assert_not_covered(screen, overlay, "Captioner settings")


def assert_not_covered(screen: Screen, overlay: WatchedOverlay, title: str) -> None:
    x, y, width, height = overlay.look()["place"]
    left, top, wide, high = place_of(screen, screen.await_window(title))
    assert top + high <= y or top >= y + height or left + wide <= x or left >= x + width
    assert top > 0
    assert left + wide <= screen.size[0]


def place_of(screen: Screen, window: int) -> tuple[int, ...]:
    """Return where ``window`` is without its frame, which counts twice in xdotool's answer."""
    said = subprocess.run(
        ["/usr/bin/xwininfo", "-id", str(window)],
        env=screen.environ,
        check=True,
        capture_output=True,
        text=True,
        timeout=10,
    ).stdout
    names = ("Absolute upper-left X", "Absolute upper-left Y", "Width", "Height")
    return tuple(int(re.findall(rf"{name}: +(-?\d+)", said)[0]) for name in names)


def test_a_monitor_that_goes_takes_the_captions_not_along_and_gets_them_back(
    two_monitors: Screen, program: Program, start_overlay: OverlayStarter
) -> None:
    wanted = {"x": WIDTH + 100, "y": 600, "width": 500, "height": 104}
    write_settings(program, geometry=wanted)
    overlay = start_overlay(two_monitors.changes)
    await_place(overlay, *wanted.values())

    xrandr(two_monitors, "--delmonitor", "right")
    await_place(overlay, WIDTH - 500, 600, 500, 104)
    overlay.send("caption", id=0, text="captions go on")
    set_monitor(two_monitors, "right", WIDTH)
    await_place(overlay, *wanted.values())
    assert overlay.look()["painted"] == "captions go on"

    restyle(overlay, dock="top", screen="right", geometry=wanted)
    overlay.wait_until(lambda seen: seen["place"][:2] == [WIDTH, 0], what="not on the right one")
    xrandr(two_monitors, "--delmonitor", "right")
    overlay.wait_until(lambda seen: seen["place"][:2] == [0, 0], what="left alone on nothing")
    assert overlay.stop() == 130
    assert saved_overlay(program)["geometry"] == wanted


def test_it_is_seen_above_a_full_screen_window(
    screen: Screen, start_overlay: OverlayStarter, tmp_path: Path
) -> None:
    overlay = start_overlay(screen.changes)
    x, y, width, height = screen.geometry(screen.await_window(TITLE))
    screen.spawn([sys.executable, "-c", BLUE_FULL_SCREEN])
    film = screen.await_window("Film")
    screen.wait_for(lambda: screen.active_window() == film, what="the film has no focus")
    screen.xdotool("mousemove", "20", "20", "click", "1")

    def is_seen() -> bool:
        picture = QImage(str(screen.screenshot(tmp_path / "screen.png")))
        behind = picture.pixelColor(20, y).name()
        return behind == "#0000ff" != picture.pixelColor(x + width // 2, y + height - 5).name()

    screen.wait_for(is_seen, what="the film covers the captions")
    screen.xdotool("mousemove", str(x + width // 2), str(y + height - 5), "click", "1")
    assert screen.active_window() == film
    assert overlay.send("caption", id=0, text="seen")["is_visible"]


def test_clicks_go_through_when_that_is_wanted_and_arrange_mode_still_works(
    screen: Screen, program: Program, start_overlay: OverlayStarter
) -> None:
    screen.spawn([sys.executable, "-c", BUTTON])
    screen.await_window("Behind")
    overlay = start_overlay(screen.changes)
    x, y, width, height = screen.geometry(screen.await_window(TITLE))

    def click() -> None:
        screen.xdotool("mousemove", str(x + width // 2), str(y + height // 2), "click", "1")

    click()
    assert program.run("click-through").returncode == 0
    seen = overlay.look()
    assert "click-through" in seen["status"]
    click()
    screen.await_window("Behind+")
    program.wait_for(
        lambda: saved_overlay(program)["click_through"] is True, what="it is not saved"
    )

    overlay.ask({"ask": "arrange"})
    screen.await_window("Arrange captions")
    click()
    screen.xdotool("key", "Escape")
    overlay.wait_until(lambda seen: not seen["is_arranging"], what="arrange mode goes on")
    click()
    screen.await_window("Behind++")
    assert program.run("click-through").returncode == 0
    click()
    screen.xdotool("mousemove", "20", "400", "click", "1")
    screen.await_window("Behind+++")
    assert screen.find_windows("Behind++++") == []
