"""Keys that reach the program while another window has the focus: on a real X display."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from PySide6.QtCore import QKeyCombination, Qt

from captioner.gui.commands import Command
from captioner.gui.desktop.keysyms import keysym_of, modifiers_of
from captioner.gui.desktop.shortcuts import combination_of, refusals_of
from captioner.gui.desktop.taking import Refusal
from captioner.gui.desktop.windows_keys import modifier_bits, virtual_key
from tests.support.program import Program
from tests.support.screen import Screen
from tests.support.watched_overlay import OverlayStarter

_TAKER = """
import sys
from PySide6.QtCore import QKeyCombination, QTimer
from PySide6.QtWidgets import QApplication
from captioner.gui.commands import Command
from captioner.gui.desktop.shortcuts import combination_of
from captioner.gui.desktop.x11_keys import X11Keys
application = QApplication([])
keys = X11Keys()
keys.pressed.connect(lambda command: print("pressed", command.value, flush=True))
keys.refused.connect(
    lambda found: print("refused", sorted((c.value, why.name) for c, why in found.items()),
                        flush=True))
keys.take({Command(name): combination_of(key)
           for name, _, key in (each.partition("=") for each in sys.argv[1:])})
application.exec()
"""

_REPEAT = """
import ctypes
x = ctypes.CDLL("libX11.so.6")
x.XOpenDisplay.restype = ctypes.c_void_p
display = ctypes.c_void_p(x.XOpenDisplay(None))
x.XAutoRepeatOn(display)
x.XCloseDisplay(display)
"""


class Taker:
    """Another process that takes keys with our own code, and tells what comes of it."""

    def __init__(self, screen: Screen, *keys: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _TAKER, *keys],
            env=os.environ | screen.changes,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, name="taker", daemon=True)
        self._reader.start()
        self.refused = self.line()

    def line(self, limit_s: float = 20.0) -> str:
        return self._lines.get(timeout=limit_s)

    def line_after(self, press: Callable[[], object]) -> str:
        """Press until something is told: another layout does not hold at once."""
        for _ in range(50):
            press()
            with suppress(queue.Empty):
                return self.line(0.2)
        raise TimeoutError("the key never came")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.strip())


@pytest.fixture
def take(screen: Screen) -> Iterator[Callable[..., Taker]]:
    """Starts a `Taker`: ``take("toggle=Ctrl+Alt+C")``."""
    started: list[Taker] = []

    def start(*keys: str) -> Taker:
        started.append(Taker(screen, *keys))
        return started[-1]

    yield start
    for taker in started:
        taker.stop()


@pytest.mark.screen
def test_every_key_works_while_another_window_is_in_use(
    screen: Screen, start_overlay: OverlayStarter, program: Program
) -> None:
    program.profile.mkdir()
    keys = {"pause": "Pause", "show": "Meta+F5", "transcript": "Ctrl+Alt+T"}
    (program.profile / "settings.json").write_text(
        json.dumps({"version": 2, "shortcuts": keys}), encoding="utf-8"
    )
    overlay = start_overlay(screen.changes)
    screen.spawn(["/usr/bin/xmessage", "-title", "other", "Another window"])
    screen.xdotool("windowactivate", "--sync", str(screen.await_window("other")))

    screen.xdotool("key", "ctrl+alt+c")
    overlay.wait_until(lambda seen: ["stop"] in seen["commands"], what="toggle")
    screen.xdotool("key", "Pause")
    overlay.wait_until(lambda seen: seen["is_held"], what="pause")
    screen.xdotool("key", "ctrl+alt+m")
    saved = program.profile / "settings.json"
    program.wait_for(lambda: '"click_through": true' in saved.read_text(), what="click-through")
    screen.xdotool("key", "super+F5")
    overlay.wait_until(lambda seen: not seen["is_visible"], what="hide")
    screen.xdotool("key", "super+F5")
    overlay.wait_until(lambda seen: seen["is_visible"], what="show")
    screen.xdotool("key", "ctrl+alt+a")
    overlay.wait_until(lambda seen: seen["is_arranging"], what="arrange")
    screen.xdotool("key", "ctrl+alt+a")
    overlay.wait_until(lambda seen: not seen["is_arranging"], what="arrange no more")
    screen.xdotool("key", "ctrl+alt+t")
    screen.await_window("Captioner transcript")
    assert overlay.stop() == 130
    log = (program.profile / "logs" / "captioner.log").read_text()
    assert "global keys" not in log


@pytest.mark.screen
def test_locks_shifted_signs_repetition_and_layouts(
    take: Callable[..., Taker], screen: Screen
) -> None:
    taker = take("toggle=Ctrl+Alt+C", "pause=Ctrl+!", "show=Ctrl+Alt+Y")
    assert taker.refused == "refused []"
    for lock in ("Num_Lock", "Caps_Lock"):
        screen.xdotool("key", lock)
        screen.xdotool("key", "ctrl+alt+c")
        assert taker.line() == "pressed toggle"
    screen.xdotool("key", "Caps_Lock", "Num_Lock")
    screen.xdotool("key", "ctrl+shift+1")
    assert taker.line() == "pressed pause"
    screen.xdotool("key", "ctrl+alt+shift+c", "ctrl+c")  # others' keys are left to them
    # On a German keyboard Y lies where Z was.
    subprocess.run(["/usr/bin/setxkbmap", "de"], env=screen.environ, check=True)
    assert taker.line_after(lambda: screen.xdotool("key", "ctrl+alt+y")) == "pressed show"


@pytest.mark.screen
def test_a_key_that_is_held_counts_once(take: Callable[..., Taker], screen: Screen) -> None:
    subprocess.run([sys.executable, "-c", _REPEAT], env=screen.environ, check=True)
    taker = take("toggle=Ctrl+Alt+C", "pause=Ctrl+Alt+P")
    screen.xdotool("keydown", "ctrl", "keydown", "alt", "keydown", "c", "sleep", "1.5")
    assert taker.line() == "pressed toggle"
    screen.xdotool("keyup", "c", "key", "p", "keyup", "ctrl", "keyup", "alt")
    assert taker.line() == "pressed pause"


@pytest.mark.screen
def test_a_key_of_another_program_is_named_and_free_once_that_ends(
    take: Callable[..., Taker], screen: Screen
) -> None:
    first = take("toggle=Ctrl+Alt+C")
    second = take("pause=Ctrl+Alt+C", "show=Ctrl+Alt+O", "arrange=Ctrl+Alt+\u0416")
    assert second.refused == "refused [('arrange', 'NOT_ON_KEYBOARD'), ('pause', 'TAKEN')]"
    screen.xdotool("key", "ctrl+alt+o")
    assert second.line() == "pressed show"
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    assert take("toggle=Ctrl+Alt+C").refused == "refused []"


@pytest.mark.parametrize(
    ("text", "keysym", "modifiers"),
    [
        ("Ctrl+Alt+C", ord("c"), 12),
        ("Meta+Shift+F12", 0xFFC9, 65),
        ("Alt+Ä", ord("ä"), 8),
        ("Ctrl+Ж", 0x1000436, 4),
        ("Media Play", 0x1008FF14, 0),
        ("Ctrl+PgUp", 0xFF55, 4),
    ],
)
def test_keys_have_the_names_of_x11(text: str, keysym: int, modifiers: int) -> None:
    combination = combination_of(text)
    assert combination is not None
    assert (keysym_of(combination.key()), modifiers_of(combination)) == (keysym, modifiers)


@pytest.mark.parametrize(
    ("text", "number", "modifiers"),
    [
        ("Ctrl+Alt+C", 0x43, 3),
        ("Meta+Shift+F12", 0x7B, 12),
        ("Alt+7", 0x37, 1),
        ("Ctrl+PgUp", 0x21, 2),
        ("Media Play", 0xB3, 0),
        ("Ctrl+Ä", None, 2),
    ],
)
def test_keys_have_the_numbers_of_windows(text: str, number: int | None, modifiers: int) -> None:
    combination = combination_of(text)
    assert combination is not None
    assert (virtual_key(combination.key()), modifier_bits(combination)) == (number, modifiers)


def test_keys_that_make_no_sense_are_not_taken() -> None:
    def combinations(**keys: str) -> dict[Command, QKeyCombination | None]:
        return {Command(name): combination_of(key) for name, key in keys.items()}

    assert refusals_of(combinations(toggle="Ctrl+C", pause="", show="nonsense")) == {}
    assert refusals_of(combinations(toggle="Ctrl+C", pause="ctrl+c")) == {
        Command.PAUSE: Refusal.TWICE
    }
    for plain in ("C", "Shift+C", "Space", "Return"):
        assert refusals_of(combinations(toggle=plain)) == {Command.TOGGLE: Refusal.TOO_PLAIN}
    for alone in ("F9", "Pause", "Media Play"):
        assert refusals_of(combinations(toggle=alone)) == {}
    assert keysym_of(Qt.Key.Key_Launch0) is None


@pytest.mark.screen
def test_a_new_key_holds_at_once_and_the_field_gets_even_the_old_ones(
    screen: Screen, start_overlay: OverlayStarter, program: Program, take: Callable[..., Taker]
) -> None:
    def is_free() -> bool:
        taker = take("toggle=Ctrl+Alt+C")
        taker.stop()
        return taker.refused == "refused []"

    overlay = start_overlay(screen.changes)
    program.run("settings", environ=program.environ(**screen.changes))
    dialog = str(screen.await_window("Captioner settings"))
    screen.xdotool("windowactivate", "--sync", dialog)
    for field, key in (("toggle", "ctrl+alt+p"), ("pause", "ctrl+alt+c")):
        screen.xdotool("key", "ctrl+f")
        screen.xdotool("type", f"shortcuts.{field}")
        screen.xdotool("key", "Return")
        screen.wait_for(is_free, what="the field does not listen")
        screen.xdotool("key", key, "Tab")  # in the field every key is one to be entered
    screen.xdotool("key", "Escape", "Return")  # it asks, and applying comes first
    screen.wait_for(lambda: not screen.find_windows("Captioner settings"), what="it stays open")
    assert overlay.look()["commands"] == [["start"], ["apply"]]
    screen.xdotool("key", "ctrl+alt+p")
    overlay.wait_until(lambda seen: ["stop"] in seen["commands"], what="the new key")


@pytest.mark.screen
def test_the_page_says_which_key_another_program_has(
    screen: Screen, start_overlay: OverlayStarter, program: Program, take: Callable[..., Taker]
) -> None:
    take("toggle=Ctrl+Alt+A")
    overlay = start_overlay(screen.changes)
    program.run("settings", environ=program.environ(**screen.changes))
    dialog = str(screen.await_window("Captioner settings"))
    screen.xdotool("windowactivate", "--sync", dialog)

    def problems() -> list[str]:
        labels = overlay.ask({"ask": "labels"})["labels"]
        return [text for text in labels if "Another program has this key" in text]

    overlay.ask({"ask": "page", "page": "shortcuts"})
    assert len(problems()) == 1
    screen.xdotool("key", "ctrl+f")
    screen.xdotool("type", "shortcuts.arrange")
    screen.xdotool("key", "Return")
    screen.wait_for(lambda: take("pause=Ctrl+Alt+P").refused == "refused []", what="keys are kept")
    assert len(problems()) == 1  # it stays to be read while a field waits for another key
