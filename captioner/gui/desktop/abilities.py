"""What the desktop lets a program do. Settings that could have no effect are hidden by it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QGuiApplication

_WINDOWS_10_2004: Final = 19041


@dataclass(frozen=True, slots=True)
class Abilities:
    """What is possible here.

    Attributes:
        keeps_above: A window stays above others.
        places_itself: A window knows its place, and can be put elsewhere.
        click_through: A window lets the mouse through to what is behind it.
        capture_exclusion: A window can be left out of screen captures.
        global_shortcuts: The program itself can take keys whatever window is in use; elsewhere
            the desktop has to do it.
    """

    keeps_above: bool
    places_itself: bool
    click_through: bool
    capture_exclusion: bool
    global_shortcuts: bool

    @classmethod
    def here(cls) -> Abilities:
        """Return what is possible on the desktop that Qt runs on; needs a QGuiApplication."""
        return cls.of(QGuiApplication.platformName(), os.environ, windows_build=_windows_build())

    @classmethod
    def of(cls, platform: str, environ: Mapping[str, str], *, windows_build: int = 0) -> Abilities:
        """Return what is possible on a platform.

        Args:
            platform: As Qt calls it, such as ``xcb``.
            environ: Tells whether X11 is only a guest of Wayland, where keys for other windows
                do not reach it.
            windows_build: Build number of Windows, 0 elsewhere.
        """
        is_wayland = platform.startswith("wayland")
        is_guest = bool(environ.get("WAYLAND_DISPLAY"))
        return cls(
            keeps_above=not is_wayland,
            places_itself=not is_wayland,
            click_through=platform in ("xcb", "wayland", "windows", "cocoa", "offscreen"),
            # Since macOS 15 programs that record the screen see such windows all the same.
            capture_exclusion=platform == "windows" and windows_build >= _WINDOWS_10_2004,
            global_shortcuts=platform == "windows" or (platform == "xcb" and not is_guest),
        )

    def missing(self, name: str) -> str:
        """Return why the ability ``name`` is missing, in the user's language; empty if it is not.

        Args:
            name: One of the attributes.
        """
        if getattr(self, name):
            return ""
        return _reasons()[name]


def _reasons() -> dict[str, str]:
    translate = QCoreApplication.translate
    return {
        "keeps_above": translate(
            "Abilities",
            "This desktop does not let programs keep a window above the others. The menu of the "
            "window manager may offer it.",
        ),
        "places_itself": translate(
            "Abilities",
            "This desktop does not let programs place their windows. Move the captions with the "
            "mouse.",
        ),
        "click_through": translate(
            "Abilities",
            "Captioner cannot let clicks through to the windows behind on this desktop.",
        ),
        "capture_exclusion": translate(
            "Abilities", "This desktop cannot leave a single window out of screen captures."
        ),
        "global_shortcuts": translate(
            "Abilities",
            "This desktop does not let programs take keys while another window is in use.",
        ),
    }


def _windows_build() -> int:
    if sys.platform == "win32":
        return sys.getwindowsversion().build
    return 0
