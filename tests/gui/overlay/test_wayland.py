"""The real window under a Wayland compositor: through XWayland where there is one, and without."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from PySide6.QtGui import QImage

from tests.support.program import Program
from tests.support.watched_overlay import OverlayStarter

pytestmark = pytest.mark.screen

WIDTH: Final = 1024
HEIGHT: Final = 600
_SOCKET: Final = "wayland-test"
_INI: Final = "[core]\nxwayland=true\n[shell]\npanel-position=none\nlocking=false\n"


class Compositor:
    """A private Weston without a screen.

    Attributes:
        wayland: Variables that lead to it.
        xwayland: Those, and the one that leads to its XWayland.
    """

    def __init__(self, folder: Path) -> None:
        """Keep everything below ``folder``; nothing runs yet."""
        self._folder = folder
        self._log = folder / "weston.log"
        self.wayland = {"XDG_RUNTIME_DIR": str(folder), "WAYLAND_DISPLAY": _SOCKET}
        self.xwayland: dict[str, str] = {}
        kept = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
        self._environ = kept | self.wayland
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until XWayland can be reached."""
        config = self._folder / "weston.ini"
        config.write_text(_INI)
        command = [
            *("/usr/bin/setpriv", "--pdeathsig", "TERM", "/usr/bin/weston"),
            *("--backend=headless-backend.so", "--use-pixman", "--debug", "--idle-time=0"),
            *(f"--width={WIDTH}", f"--height={HEIGHT}", f"--socket={_SOCKET}"),
            *(f"--config={config}", f"--log={self._log}"),
        ]
        environ = {name: v for name, v in self._environ.items() if name != "WAYLAND_DISPLAY"}
        with (self._folder / "weston.err").open("wb") as errors:
            self._process = subprocess.Popen(
                command, env=environ, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors
            )
        Program.wait_for(lambda: self._x_display() != "", what="no XWayland")
        self.xwayland = self.wayland | {"DISPLAY": self._x_display()}

    def screenshot(self) -> QImage:
        """Return what the whole screen shows."""
        for old in self._folder.glob("*.png"):
            old.unlink()
        subprocess.run(
            ["/usr/bin/weston-screenshooter"],
            env=self._environ,
            cwd=self._folder,
            check=True,
            timeout=20,
        )
        return QImage(str(next(self._folder.glob("*.png"))))

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)

    def _x_display(self) -> str:
        log = self._log.read_text() if self._log.exists() else ""
        found = re.search(r"xserver listening on display (:\d+)", log)
        return found[1] if found else ""


@pytest.fixture
def compositor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compositor]:
    """A Wayland compositor with XWayland."""
    folder = tmp_path_factory.mktemp("w")
    folder.chmod(0o700)
    running = Compositor(folder)
    try:
        running.start()
        yield running
    finally:
        running.stop()


def write_settings(program: Program, overlay: dict[str, Any]) -> None:
    program.profile.mkdir()
    settings = {"version": 2, "overlay": {"window_opacity": 1.0, **overlay}}
    (program.profile / "settings.json").write_text(json.dumps(settings))


def test_through_xwayland_it_docks_where_it_shall(
    compositor: Compositor, program: Program, start_overlay: OverlayStarter
) -> None:
    write_settings(program, {"dock": "top"})
    overlay = start_overlay(compositor.xwayland)
    overlay.send("caption", id=0, text="docked at the top", final=True)

    seen = overlay.wait_until(lambda seen: seen["painted"] != "", what="nothing painted")
    height = seen["place"][3]
    assert seen["platform"] == "xcb"
    assert seen["place"] == [0, 0, WIDTH, height]
    Program.wait_for(
        lambda: is_black_band(compositor.screenshot(), height), what="not seen at the top"
    )
    assert overlay.stop() == 130


def is_black_band(screen: QImage, height: int) -> bool:
    """Return whether the overlay, and nothing of the wallpaper, is at the top of the screen."""
    inside = [(WIDTH - 20, height - 5), (20, height - 3), (WIDTH // 2, 2)]
    below = screen.pixelColor(WIDTH // 2, height + 10).lightness()
    return below > 50 and all(screen.pixelColor(x, y).lightness() == 0 for x, y in inside)


def test_without_x_it_captions_and_claims_no_place(
    compositor: Compositor, program: Program, start_overlay: OverlayStarter
) -> None:
    write_settings(program, {"dock": "top"})
    overlay = start_overlay(compositor.wayland)
    overlay.send("caption", id=0, text="nobody knows where", final=True)

    seen = overlay.wait_until(lambda seen: seen["painted"] != "", what="nothing painted")
    assert seen["platform"] == "wayland"
    assert seen["place"][2] < WIDTH
    Program.wait_for(
        lambda: is_somewhere(compositor.screenshot(), seen["place"][3]), what="not to be seen"
    )
    assert program.run("click-through").returncode == 0
    overlay.ask({"ask": "arrange"})
    assert overlay.stop() == 130
    assert "Traceback" not in overlay.errors.read_text()
    saved = json.loads((program.profile / "settings.json").read_text())["overlay"]
    assert "geometry" not in saved
    assert saved["click_through"] is True


def is_somewhere(screen: QImage, height: int) -> bool:
    """Return whether there is a black area as high as most of the overlay."""
    columns = range(0, WIDTH, 40)
    black = [sum(screen.pixelColor(x, y).lightness() == 0 for y in range(HEIGHT)) for x in columns]
    return height * 0.5 < max(black) <= height
