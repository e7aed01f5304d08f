"""The real window on a real display, with a window manager, other windows, keys and a mouse."""

from __future__ import annotations

import itertools
import json
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from tests.support.program import Program
from tests.support.screen import Screen
from tests.support.watched_overlay import OverlayStarter, WatchedOverlay

pytestmark = pytest.mark.screen

TITLE = "Captioner"
EDITOR = """
from PySide6.QtWidgets import QApplication, QLineEdit
application = QApplication([])
editor = QLineEdit()
editor.setWindowTitle("Editor")
editor.textChanged.connect(lambda text: editor.setWindowTitle("Editor" + text))
editor.setGeometry(100, 100, 400, 60)
editor.show()
application.exec()
"""


@pytest.fixture
def overlay(screen: Screen, start_overlay: OverlayStarter) -> WatchedOverlay:
    return start_overlay(screen.changes)


def open_editor(screen: Screen) -> int:
    """Return the id of another program's window, which has the focus."""
    screen.spawn([sys.executable, "-c", EDITOR])
    editor = screen.await_window("Editor")
    screen.wait_for(lambda: screen.active_window() == editor, what="the editor has no focus")
    return editor


def drag(screen: Screen, window: int, start: tuple[int, int], by: tuple[int, int]) -> None:
    """Press the left button and move until ``window`` follows, then all the way, and let go.

    The window manager takes over while the mouse is already moving, and misses what came before.
    Once the window follows, one long step remains: when that is seen, nothing more is to come.
    """
    x, y = start
    before = screen.geometry(window)
    screen.xdotool("mousemove", str(x), str(y), "mousedown", "1")
    hesitation = itertools.cycle((3, 4))

    def moved() -> int:
        return max(abs(a - b) for a, b in zip(screen.geometry(window), before, strict=True))

    def follows() -> bool:
        tenths = next(hesitation)
        screen.xdotool(
            "mousemove", "--sync", str(x + by[0] * tenths // 20), str(y + by[1] * tenths // 20)
        )
        return moved() > 0

    screen.wait_for(follows, what="the window does not follow the mouse")
    screen.xdotool("mousemove", "--sync", str(x + by[0]), str(y + by[1]))
    screen.wait_for(
        lambda: moved() > max(map(abs, by)) // 2, what="the window did not follow to the end"
    )
    screen.xdotool("mouseup", "1")


def saved_geometry(program: Program) -> dict[str, int] | None:
    file = program.profile / "settings.json"
    if not file.exists():
        return None
    geometry = json.loads(file.read_text()).get("overlay", {}).get("geometry")
    assert geometry is None or isinstance(geometry, dict)
    return geometry


def test_it_appears_at_the_bottom_and_prints_nothing(
    screen: Screen, program: Program, tmp_path: Path
) -> None:
    output = tmp_path / "stdout"
    child = program.start("gui", output=output, environ=program.environ(**screen.changes))

    window = screen.await_window(TITLE)
    x, y, width, height = screen.geometry(window)
    log = program.profile / "logs" / "captioner.log"
    program.wait_for(lambda: "overlay visible" in log.read_text(), what="no note of the time")

    assert abs(x + width / 2 - screen.size[0] / 2) <= 1
    assert screen.size[1] * 0.75 < y < screen.size[1] - height
    assert "_NET_WM_STATE_ABOVE" in screen.xprop("-id", str(window), "_NET_WM_STATE")
    assert program.interrupt(child) == 130
    assert output.read_text() == ""
    assert re.search(r"overlay visible [1-9]\d* ms", log.read_text())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_order(overlay: WatchedOverlay, number: signal.Signals) -> None:
    overlay.send("caption", id=0, text="the last words")

    assert overlay.stop(number) == 130
    assert "Traceback" not in overlay.errors.read_text()


def test_captions_never_take_the_focus(
    screen: Screen, program: Program, start_overlay: OverlayStarter
) -> None:
    editor = open_editor(screen)
    overlay = start_overlay(screen.changes)
    window = screen.await_window(TITLE)

    for number in range(20):
        overlay.send("caption", id=number, text=f"sentence number {number}", final=True)
        assert screen.active_window() == editor
    x, y, width, height = screen.geometry(window)
    screen.xdotool("mousemove", str(x + width // 2), str(y + height // 2), "click", "1")
    screen.xdotool("type", "typed")

    screen.await_window("Editortyped")
    screen.xdotool("click", "--repeat", "3", "4")
    overlay.wait_until(lambda seen: seen["is_held"], what="the wheel does not hold")
    screen.xdotool("mousemove", str(x + width - 40), str(y + 14), "click", "1")
    overlay.wait_until(lambda seen: not seen["is_held"], what="the button does not go live")
    screen.xdotool("type", "more")
    screen.await_window("Editortypedmore")
    assert screen.active_window() == editor
    assert not overlay.look()["is_active"]


def test_arrange_mode_moves_and_resizes_by_keys_and_gives_the_focus_back(
    screen: Screen, program: Program, start_overlay: OverlayStarter
) -> None:
    editor = open_editor(screen)
    overlay = start_overlay(screen.changes)
    window = screen.await_window(TITLE)
    x, y, width, height = screen.geometry(window)

    overlay.ask({"ask": "arrange"})
    bar = screen.await_window("Arrange captions")
    screen.wait_for(lambda: screen.active_window() == bar, what="the bar has no focus")
    screen.xdotool("key", "Left", "Up", "ctrl+Up", "shift+Right", "ctrl+shift+Down")
    screen.wait_for(
        lambda: screen.geometry(window) == (x - 20, y - 21, width + 20, height + 1),
        what=lambda: f"keys did not arrange it: {screen.geometry(window)}",
    )
    screen.xdotool("key", "Escape")

    screen.wait_for(lambda: screen.active_window() == editor, what="the focus did not come back")
    assert screen.find_windows("Arrange captions") == []
    assert overlay.look()["place"] == [x - 20, y - 21, width + 20, height + 1]
    assert not overlay.look()["is_arranging"]


def test_another_window_chosen_ends_arrange_mode(
    screen: Screen, start_overlay: OverlayStarter
) -> None:
    editor = open_editor(screen)
    overlay = start_overlay(screen.changes)
    overlay.ask({"ask": "arrange"})
    bar = screen.await_window("Arrange captions")
    screen.wait_for(lambda: screen.active_window() == bar, what="the bar has no focus")

    screen.xdotool("windowactivate", str(editor))

    overlay.wait_until(lambda seen: not seen["is_arranging"], what="arrange mode went on")
    assert screen.find_windows("Arrange captions") == []


def test_a_double_click_begins_arrange_mode(screen: Screen, overlay: WatchedOverlay) -> None:
    x, y, width, height = screen.geometry(screen.await_window(TITLE))

    screen.xdotool("mousemove", str(x + width // 2), str(y + height // 2))
    screen.xdotool("click", "--repeat", "2", "--delay", "10", "1")

    overlay.wait_until(lambda seen: seen["is_arranging"], what="no arrange mode")


def test_the_mouse_moves_it_by_its_body(screen: Screen, overlay: WatchedOverlay) -> None:
    window = screen.await_window(TITLE)
    x, y, width, height = screen.geometry(window)

    drag(screen, window, (x + width // 2, y + height // 2), (-100, -200))

    place = screen.geometry(window)
    assert -110 < place[0] - x < -40
    assert -210 < place[1] - y < -80
    assert place[2:] == (width, height)
    overlay.wait_until(
        lambda seen: tuple(seen["place"]) == place, what="it does not know its place"
    )


def test_the_mouse_resizes_it_at_an_edge(screen: Screen, overlay: WatchedOverlay) -> None:
    window = screen.await_window(TITLE)
    x, y, width, height = screen.geometry(window)

    drag(screen, window, (x + width - 3, y + height // 2), (100, 0))

    place = screen.geometry(window)
    assert width + 60 < place[2] < width + 110
    assert (*place[:2], place[3]) == (x, y, height)
    overlay.wait_until(
        lambda seen: tuple(seen["place"]) == place, what="it does not know its place"
    )


def test_place_and_size_are_remembered(
    screen: Screen, program: Program, start_overlay: OverlayStarter
) -> None:
    first = start_overlay(screen.changes)
    window = screen.await_window(TITLE)
    x, y, width, height = screen.geometry(window)
    assert saved_geometry(program) is None
    drag(screen, window, (x + width // 2, y + height // 2), (-60, -160))
    place = list(screen.geometry(window))
    first.wait_until(lambda seen: seen["place"] == place, what="it does not know its place")
    assert first.stop() == 130

    saved = saved_geometry(program)
    assert saved is not None
    assert [saved["x"], saved["y"], saved["width"], saved["height"]] == place
    second = start_overlay(screen.changes)
    assert second.look()["place"] == place
    assert list(screen.geometry(screen.await_window(TITLE))) == place
    assert second.stop() == 130
    assert saved_geometry(program) == saved


def test_a_place_beyond_the_screen_is_brought_back(
    screen: Screen, program: Program, start_overlay: OverlayStarter
) -> None:
    program.profile.mkdir()
    geometry = {"x": 5000, "y": 300, "width": 500, "height": 100}
    settings = {"version": 1, "overlay": {"geometry": geometry}}
    (program.profile / "settings.json").write_text(json.dumps(settings))

    overlay = start_overlay(screen.changes)

    assert overlay.look()["place"] == [screen.size[0] - 500, 300, 500, 100]
    assert overlay.stop() == 130
    assert saved_geometry(program) == geometry


def test_the_context_menu_quits(screen: Screen, overlay: WatchedOverlay) -> None:
    window = screen.await_window(TITLE)
    x, y, width, height = screen.geometry(window)

    screen.xdotool("mousemove", str(x + width // 2), str(y + height // 2), "click", "3")
    ends_by(overlay, lambda: screen.xdotool("key", "q"))

    assert overlay.wait() == 0
    assert "Traceback" not in overlay.errors.read_text()


def ends_by(overlay: WatchedOverlay, act: Callable[[], object]) -> None:
    """Do ``act`` again and again until the program ends: a menu takes its time to open."""
    deadline = time.monotonic() + 10
    while overlay.process.poll() is None:
        assert time.monotonic() < deadline, "it did not end"
        act()
        time.sleep(0.1)


def test_a_fault_of_our_own_is_logged_and_told(program: Program, overlay: WatchedOverlay) -> None:
    overlay.ask({"ask": "fail"})

    overlay.wait_until(
        lambda seen: "fault of its own" in (seen["message"] or ""), what="nobody was told"
    )
    log = (program.profile / "logs" / "captioner.log").read_text()
    assert "a fault made for a test" in log
    assert overlay.send("caption", id=0, text="captions go on")["shown"] == ["captions go on"]


def test_no_display_is_said_in_a_sentence(program: Program) -> None:
    ended = program.run("gui")

    assert ended.returncode == 13
    assert "There is no display" in ended.stderr
    assert "captioner live" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_display_that_does_not_answer_is_said_in_a_sentence(program: Program) -> None:
    ended = program.run("gui", environ=program.environ(DISPLAY=":4094"))

    assert ended.returncode == 13
    assert "The display :4094 does not answer." in ended.stderr


def test_what_is_behind_shines_through_and_the_tray_has_an_icon(
    composited_screen: Screen, start_overlay: OverlayStarter, tmp_path: Path
) -> None:
    start_overlay(composited_screen.changes)
    window = composited_screen.await_window(TITLE)
    x, y, width, height = composited_screen.geometry(window)

    def lightness() -> tuple[int, int]:
        picture = QImage(str(composited_screen.screenshot(tmp_path / "screen.png")))
        behind = picture.pixelColor(10, 400).lightness()
        return behind, picture.pixelColor(x + width - 20, y + height - 6).lightness()

    def shines_through() -> bool:
        behind, inside = lightness()
        return behind > 100 and inside == pytest.approx(behind * 0.25, abs=2)

    composited_screen.wait_for(
        shines_through, what=lambda: f"lightness behind it and of it: {lightness()}"
    )
    composited_screen.wait_for(
        lambda: any(
            composited_screen.geometry(tray)[2] >= 24
            for tray in composited_screen.find_windows("panel")
        ),
        what="no icon in the tray",
    )
