"""A display with the real window on it, on a desktop that is light or dark, with small or big text.

The window is `captioner gui`; only the session is scripted, so that the words, the sources and the
troubles are the same every time.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from captioner.settings.models import SETTINGS_VERSION
from tests.support.program import Program
from tests.support.pulse import running_server
from tests.support.screen import Screen, running_screen
from tests.support.watched_overlay import WatchedOverlay

MARGIN: Final = 40

BACKDROP: Final = """
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QApplication, QWidget

class Backdrop(QWidget):
    def paintEvent(self, event):
        half = self.width() // 2
        painter = QPainter(self)
        for x, paper, ink in ((0, "#ffffff", "#303030"), (half, "#14181d", "#b0b8c0")):
            painter.fillRect(x, 0, half, self.height(), paper)
            painter.setPen(ink)
            for y in range(30, self.height(), 66):
                painter.drawText(x + 16, y, "What lies behind the captions stays visible. " * 2)
        painter.end()

application = QApplication([])
backdrop = Backdrop(None, Qt.WindowType.FramelessWindowHint)
backdrop.setWindowTitle("Backdrop")
backdrop.setAttribute(Qt.WidgetAttribute.WA_X11NetWmWindowTypeDesktop)
backdrop.setGeometry(application.primaryScreen().geometry())
backdrop.show()
application.exec()
"""

DICKENS: Final = (
    "It was the best of times, it was the worst of times,",
    "it was the age of wisdom, it was the age of",
)
TROUBLES: Final = {
    "stopped": ("Captions are stopped.", "Start them from the menu."),
    "starting": ("Captions are starting.", ""),
    "listening": ("Listening to Built-in Audio.", ""),
    "no_audio": (
        "Nothing is playing on Built-in Audio.",
        "Captions appear as soon as something plays. If you hear sound, choose another output.",
    ),
    "reconnecting": (
        "The connection to riva.example:50051 failed: connection refused.",
        "Check that the server runs and that the network reaches it.",
    ),
    "degraded": (
        "Embedded engine stands in. riva.example:50051 did not answer within 5 seconds.",
        "Check host and port, that the server is on, and that no firewall is in between.",
    ),
    "failed": ("riva.example:50051 refused the key.", "Check the API key for this server."),
}


_DARK: Final = """
[Colors:Window]
BackgroundNormal=42,46,50
ForegroundNormal=252,252,252
[Colors:View]
BackgroundNormal=27,30,32
ForegroundNormal=252,252,252
[Colors:Button]
BackgroundNormal=49,54,59
ForegroundNormal=252,252,252
[Colors:Selection]
BackgroundNormal=61,174,233
ForegroundNormal=252,252,252
"""
"""A dark desktop, as KDE tells its programs."""


@dataclass(frozen=True, slots=True)
class Desktop:
    """What the window finds itself on.

    Attributes:
        size: Of the screen, in pixels.
        is_dark: Whether its colours are dark.
        text_percent: How big its text is.
        arguments: For ``captioner``.
        has_backdrop: Whether there is something light and something dark behind the window.
        settings: What the profile's file says.
    """

    size: tuple[int, int] = (900, 420)
    is_dark: bool = False
    text_percent: int = 100
    arguments: tuple[str, ...] = ("gui", "--skip-welcome")
    has_backdrop: bool = True
    settings: dict[str, object] = field(default_factory=dict)

    def environ(self, home: Path) -> dict[str, str]:
        """Return what tells programs of this desktop, with its files in ``home``."""
        changes = {"QT_FONT_DPI": str(96 * self.text_percent // 100)}
        if not self.is_dark:
            return changes
        (home / "kdeglobals").write_text(_DARK, encoding="utf-8")
        return changes | {
            "XDG_CURRENT_DESKTOP": "KDE",
            "KDE_FULL_SESSION": "true",
            "KDE_SESSION_VERSION": "6",
            "QT_QPA_PLATFORMTHEME": "kde",
            "XDG_CONFIG_HOME": str(home),
        }


class Studio:
    """A desktop with the window on it.

    Attributes:
        screen: The display.
        program: The program, for commands to the running one.
        overlay: The window.
    """

    def __init__(
        self, screen: Screen, program: Program, overlay: WatchedOverlay, folder: Path
    ) -> None:
        """Pictures go to ``folder``."""
        self.screen = screen
        self.program = program
        self.overlay = overlay
        self._folder = folder

    def health(self, state: str) -> None:
        """Let the session be in ``state``."""
        sentence, hint = TROUBLES[state]
        self.overlay.send("health", state=state, sentence=sentence, hint=hint)

    def say(self) -> None:
        """Let two sentences be said, the second of them not to its end."""
        self.overlay.send("caption", id=0, text=DICKENS[0], final=True)
        self.overlay.send("caption", id=1, text=DICKENS[1])

    def command(self, name: str) -> None:
        """Ask the running program for something, as another process does."""
        done = self.program.run(name)
        if done.returncode:
            raise RuntimeError(done.stderr)

    def take(self, name: str, *, above: int = MARGIN) -> None:
        """Take the picture ``name`` of the overlay, with so much of what is ``above`` it."""
        self._await_calm()
        x, y, width, height = self.overlay.look()["place"]
        area = f"{width + 2 * MARGIN}x{height + MARGIN + above}+{x - MARGIN}+{y - above}"
        keep(self.screen.screenshot(self._folder / f"{name}.png"), area)

    def take_screen(self, name: str, area: str = "") -> Path:
        """Take the picture ``name`` of the screen, or of an ``area`` such as ``10x10+0+0``."""
        self._await_calm()
        return keep(self.screen.screenshot(self._folder / f"{name}.png"), area)

    def take_window(self, name: str, title: str) -> None:
        """Take the picture ``name`` of the window called ``title``."""
        window = self.screen.await_window(title)
        self._await_calm()
        keep(self.screen.screenshot(self._folder / f"{name}.png", window=window))

    def _await_calm(self) -> None:
        paints = -1
        while paints != (paints := self.overlay.look()["paints"]):
            time.sleep(0.1)
        time.sleep(0.3)  # compositor and other windows follow a moment later; nothing tells when


def keep(path: Path, area: str = "") -> Path:
    """Make the picture small, or an ``area`` of it such as ``10x10+0+0``; return its path."""
    crop = ["-crop", area, "+repage"] if area else []
    look = ["+dither", "-colors", "64", "-strip"]
    command = ["/usr/bin/env", "convert", str(path), *crop, *look, str(path)]
    subprocess.run(command, check=True)
    print(path, path.stat().st_size, "bytes", flush=True)
    return path


@contextmanager
def studio(folder: Path, desktop: Desktop) -> Iterator[Studio]:
    """Run the window on a fresh ``desktop``, with a sound server of its own."""
    with (
        tempfile.TemporaryDirectory() as private,
        running_server("pulseaudio") as sound,
        running_screen(size=desktop.size, compositor=True, tray=True) as screen,
    ):
        if desktop.has_backdrop:
            screen.spawn([sys.executable, "-c", BACKDROP])
            screen.await_window("Backdrop")
        program = Program(Path(private))
        if desktop.settings:
            program.profile.mkdir()
            known = {"version": SETTINGS_VERSION, **desktop.settings}
            (program.profile / "settings.json").write_text(json.dumps(known), encoding="utf-8")
        environ = sound.changes | screen.changes | desktop.environ(Path(private))
        overlay = WatchedOverlay(
            program,
            environ,
            *desktop.arguments,
            is_scripted=True,
            errors=Path(private) / "errors",
        )
        try:
            overlay.wait_until(
                lambda seen: ["start"] in seen.get("commands", ()), what="it did not start"
            )
            yield Studio(screen, program, overlay, folder)
        finally:
            overlay.stop()
