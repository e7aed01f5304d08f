"""Whether the program begins when its user logs in. The system knows; nothing else keeps it."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Protocol

from captioner.gui.desktop.command_line import own_command
from captioner.settings.paths import ProfilePaths


class Autostart(Protocol):
    """One program in the list of what the system starts at login. Both block."""

    def is_on(self) -> bool:
        """Return whether it will be started."""
        ...

    def set(self, wanted: bool) -> None:  # noqa: FBT001  # a switch
        """Have it started from now on, or not.

        Raises:
            OSError: The system's list cannot be changed.
        """
        ...


def autostart_of(paths: ProfilePaths) -> Autostart:
    """Return the entry of a profile; each profile has one of its own."""
    name = "captioner"
    if paths != ProfilePaths.default():
        digest = hashlib.sha256(os.fsencode(paths.settings_file)).hexdigest()[:8]
        name = f"captioner-{digest}"
    command = own_command(paths, "gui")
    if sys.platform == "win32":
        from captioner.gui.desktop.windows_autostart import (  # noqa: PLC0415  # there alone
            WindowsAutostart,
        )

        return WindowsAutostart(name, command)
    if sys.platform == "darwin":
        from captioner.gui.desktop.macos_autostart import MacAutostart  # noqa: PLC0415  # there

        return MacAutostart(name, command, Path.home() / "Library" / "LaunchAgents")
    from captioner.gui.desktop.xdg_autostart import XdgAutostart  # noqa: PLC0415  # only here

    config = os.environ.get("XDG_CONFIG_HOME") or ""
    folder = Path(config) if Path(config).is_absolute() else Path.home() / ".config"
    return XdgAutostart(name, command, folder / "autostart")
