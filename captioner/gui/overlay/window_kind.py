"""The kind of window that stays on top and out of the task bar, on each system."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication


def on_top_kind() -> Qt.WindowType:
    """Return the flags of a window on top; it also needs ``WA_X11NetWmWindowTypeUtility``.

    On X11 a tool window belongs to a group of windows, and Qt then misses where the window manager
    put it: every later move starts from a wrong place. There the utility type alone keeps it out
    of the task bar.
    """
    is_x11 = QGuiApplication.platformName() == "xcb"
    kind = Qt.WindowType.Window if is_x11 else Qt.WindowType.Tool
    return kind | Qt.WindowType.WindowStaysOnTopHint
