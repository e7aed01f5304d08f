"""Asks the system to leave a window out of screen captures; only Windows can."""

from __future__ import annotations

import sys

from PySide6.QtWidgets import QWidget

from captioner.gui.desktop.abilities import Abilities


def leave_out_of_captures(window: QWidget, *, wanted: bool) -> bool:
    """Leave ``window``, which has been shown, out of screen captures, or let it be in them.

    Returns:
        False where it is wanted and the system did not do it.
    """
    if not Abilities.here().capture_exclusion:
        return not wanted
    return _set_affinity(int(window.winId()), wanted=wanted)


def _set_affinity(handle: int, *, wanted: bool) -> bool:
    if sys.platform != "win32":
        return not wanted
    import ctypes  # noqa: PLC0415  # Windows alone needs it
    from ctypes import wintypes  # noqa: PLC0415  # see above

    nothing, exclude_from_capture = 0x00, 0x11
    user32 = ctypes.WinDLL("user32", use_last_error=True)
    user32.SetWindowDisplayAffinity.argtypes = [wintypes.HWND, wintypes.DWORD]
    user32.SetWindowDisplayAffinity.restype = wintypes.BOOL
    affinity = exclude_from_capture if wanted else nothing
    return bool(user32.SetWindowDisplayAffinity(handle, affinity))
