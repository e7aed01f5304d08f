"""The kinds of windows that stay on top and out of the task bar, on each system."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication


def is_unmanaged() -> bool:
    """Return whether the overlay is out of the window manager's hands, which X11 alone offers.

    There a window manager puts the full-screen window in use above all others that it manages,
    captions too, and it has its own mind about places. Unmanaged, the overlay is above both.
    """
    return QGuiApplication.platformName() == "xcb"


def overlay_kind() -> Qt.WindowType:
    """Return the flags of the overlay."""
    kind = on_top_kind() | Qt.WindowType.FramelessWindowHint
    if is_unmanaged():
        kind |= Qt.WindowType.BypassWindowManagerHint
    return kind | Qt.WindowType.WindowDoesNotAcceptFocus


def on_top_kind() -> Qt.WindowType:
    """Return the flags of a window on top; it also needs ``WA_X11NetWmWindowTypeUtility``.

    On X11 a tool window belongs to a group of windows, and Qt then misses where the window manager
    put it: every later move starts from a wrong place. There the utility type alone keeps it out
    of the task bar.
    """
    is_x11 = QGuiApplication.platformName() == "xcb"
    kind = Qt.WindowType.Window if is_x11 else Qt.WindowType.Tool
    return kind | Qt.WindowType.WindowStaysOnTopHint
