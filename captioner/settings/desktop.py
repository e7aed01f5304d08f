"""The program on the desktop: its language, its keys, and how it begins."""

from __future__ import annotations

from typing import Literal

from captioner.settings.base import SettingsModel
from captioner.settings.overlay import WindowGeometry


class ShortcutSettings(SettingsModel):
    """Keys that work whatever window is in front, as Qt writes them; empty is none.

    Attributes:
        toggle: Starts or stops the captions.
        pause: Holds the captions, or lets them go on.
        show: Shows or hides the overlay.
        arrange: Moves the overlay with the keyboard.
        click_through: Switches whether the mouse reaches what is behind the overlay.
        transcript: Opens the transcript.
    """

    toggle: str = "Ctrl+Alt+C"
    pause: str = "Ctrl+Alt+P"
    show: str = ""
    arrange: str = "Ctrl+Alt+A"
    click_through: str = "Ctrl+Alt+M"
    transcript: str = ""


class DesktopSettings(SettingsModel):
    """The program as a whole.

    Attributes:
        language: Of the windows; empty takes the system's.
        was_welcomed: Whether the first run has been gone through or skipped.
        desktop_keys: Whether the desktop was asked for keys, where it hands them out itself.
        announce_finals: Whether the open transcript tells screen readers of each final.
        transcript_times: Whether the transcript shows when something was said.
        transcript_geometry: Where its window was left; None leaves it to the system.
    """

    language: Literal["", "en", "de"] = ""
    was_welcomed: bool = False
    desktop_keys: bool = False
    announce_finals: bool = False
    transcript_times: bool = True
    transcript_geometry: WindowGeometry | None = None
