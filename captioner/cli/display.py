"""Whether a window can be shown here, found out without loading Qt.

Qt ends the whole process when it cannot reach a display, so this is asked first.
"""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_CONNECT_LIMIT_S: Final = 1.0
_X_PORT: Final = 6000
_NEED_NO_DISPLAY: Final = ("offscreen", "minimal", "vnc", "linuxfb", "eglfs")
_X_NAME: Final = re.compile(r"(?P<host>[^:]*):(?P<number>\d+)(\.\d+)?")


def display_problem(
    environ: Mapping[str, str] | None = None, *, system: str = sys.platform
) -> str | None:
    """Return why no window can be shown, as a sentence, or None when one can.

    May wait up to a second for a display on another machine.

    Args:
        environ: Environment variables; None takes the process's own.
        system: As ``sys.platform``.
    """
    environ = os.environ if environ is None else environ
    if system in {"win32", "darwin"}:
        return None
    platform = environ.get("QT_QPA_PLATFORM", "").partition(":")[0]
    if platform in _NEED_NO_DISPLAY:
        return None
    wayland = environ.get("WAYLAND_DISPLAY", "")
    if wayland and platform != "xcb" and _reaches_wayland(wayland, environ):
        return None
    x_display = environ.get("DISPLAY", "")
    if x_display and _reaches_x(x_display):
        return None
    if x_display:
        return f"The display {x_display} (DISPLAY) does not answer."
    if wayland:
        return f"The display {wayland} (WAYLAND_DISPLAY) does not answer."
    return "There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set)."


def _reaches_wayland(name: str, environ: Mapping[str, str]) -> bool:
    return _connects(str(Path(environ.get("XDG_RUNTIME_DIR", "/nonexistent")) / name))


def _reaches_x(display: str) -> bool:
    parts = _X_NAME.fullmatch(display)
    if parts is None:
        return False
    host, number = parts["host"], int(parts["number"])
    if host in {"", "unix"}:
        path = f"/tmp/.X11-unix/X{number}"  # noqa: S108  # where X servers have their sockets
        return _connects(path) or _connects(f"\0{path}")
    try:
        address = (host, _X_PORT + number)
        socket.create_connection(address, timeout=_CONNECT_LIMIT_S).close()
    except OSError:
        return False
    return True


def _connects(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_CONNECT_LIMIT_S)
        try:
            connection.connect(path)
        except OSError:
            return False
    return True
