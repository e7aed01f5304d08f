"""Whether a window can be shown at all, and through which part of Qt; asked before Qt starts.

Qt itself ends the process when it finds no display or lacks a library. Here both become an error
that names the fix. Nothing of Qt is imported with this module.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from captioner.core.errors import UnsupportedError

NO_DISPLAY_HINT: Final = (
    "Start it from a desktop session, or caption in the terminal with `captioner live`."
)
LIBRARIES_HINT: Final = (
    "On Debian and Ubuntu: sudo apt install libegl1 libfontconfig1 libxkbcommon-x11-0 "
    "libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 "
    "libxcb-render-util0 libxcb-shape0 libxcb-xinerama0"
)

_PLUGINS: Final = {"xcb": "libqxcb.so", "wayland": "libqwayland.so"}


def choose_platform(environ: Mapping[str, str], *, system: str = sys.platform) -> str:
    """Return the Qt platform to use, empty for Qt's own choice.

    On Linux, X11 comes first even under Wayland, through XWayland: only there can a window stay
    above others and know its place.

    Raises:
        UnsupportedError: There is no display, or none that answers.
    """
    chosen = environ.get("QT_QPA_PLATFORM", "").partition(":")[0].partition(";")[0]
    if not system.startswith("linux") or chosen not in ("", *_PLUGINS):
        return chosen
    display = environ.get("DISPLAY", "")
    wayland = environ.get("WAYLAND_DISPLAY", "")
    if chosen != "wayland" and display and _x_answers(display):
        return "xcb"
    if chosen != "xcb" and wayland:
        return "wayland"
    if display and chosen != "wayland":
        raise UnsupportedError(f"The display {display} does not answer.", hint=NO_DISPLAY_HINT)
    raise UnsupportedError("There is no display to show a window on.", hint=NO_DISPLAY_HINT)


def check_libraries(platform: str) -> None:
    """Load what Qt will need for ``platform``.

    Raises:
        UnsupportedError: A library of the system is missing, or Qt has no such platform.
    """
    # Not before a display is found.
    from PySide6.QtCore import QLibraryInfo, QPluginLoader  # noqa: PLC0415

    folder = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath)) / "platforms"
    if platform not in _PLUGINS:
        plugins: list[dict[str, Any]] = [
            QPluginLoader(str(file)).metaData() for file in folder.iterdir()
        ]
        known = {name for plugin in plugins for name in plugin.get("MetaData", {}).get("Keys", ())}
        if platform and platform not in known:
            raise UnsupportedError(
                f"Qt has no platform '{platform}', which QT_QPA_PLATFORM asks for.",
                hint=f"Unset QT_QPA_PLATFORM, or choose one of: {', '.join(sorted(known))}.",
            )
        return
    try:
        ctypes.CDLL(str(folder / _PLUGINS[platform]))
    except OSError as error:
        raise UnsupportedError(
            f"Qt cannot show windows here, because a library is missing: {error}",
            hint=LIBRARIES_HINT,
        ) from error


def qt_in_use() -> str:
    """Start Qt and return its version and platform; where it cannot start, Qt ends the process."""
    # Not before it is asked for.
    from PySide6.QtCore import qVersion  # noqa: PLC0415
    from PySide6.QtGui import QGuiApplication  # noqa: PLC0415

    application = QGuiApplication([])
    return f"Qt {qVersion()} on {application.platformName()}"


def _x_answers(display: str) -> bool:
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True  # the check of the libraries says better what is missing
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(display.encode(), None)
    try:
        return bool(xcb.xcb_connection_has_error(connection) == 0)
    finally:
        xcb.xcb_disconnect(connection)
