"""Start at login on Windows: a value below the user's ``Run`` key."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import PureWindowsPath
from typing import Final

from captioner.core.own_program import is_frozen

_RUN: Final = r"Software\Microsoft\Windows\CurrentVersion\Run"
_WINDOW: Final = "captioner-window.exe"
"""The entry of the packaged program that has no console."""

_APPROVED: Final = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
"""Here the Task Manager notes what the user has switched off: an odd first byte."""


class WindowsAutostart:
    """A value of the registry."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        """Prepare; nothing is read or written yet.

        Args:
            name: Of the value.
            command: What is started.
        """
        self._name = name
        self._command = command

    if sys.platform == "win32":

        def is_on(self) -> bool:
            """Return whether the value is there and not switched off."""
            if _value_of(_RUN, self._name) is None:
                return False
            approved = _value_of(_APPROVED, self._name)
            return not (isinstance(approved, bytes) and approved and approved[0] % 2)

        def set(self, wanted: bool) -> None:  # noqa: FBT001  # a switch
            """Write the value, or remove it."""
            import winreg  # noqa: PLC0415  # there is one on Windows alone

            for key in (_APPROVED, _RUN):
                with (
                    suppress(FileNotFoundError),
                    winreg.OpenKey(winreg.HKEY_CURRENT_USER, key, 0, winreg.KEY_SET_VALUE) as run,
                ):
                    winreg.DeleteValue(run, self._name)
            if wanted:
                with winreg.CreateKey(winreg.HKEY_CURRENT_USER, _RUN) as run:
                    line = command_line(self._command)
                    winreg.SetValueEx(run, self._name, 0, winreg.REG_SZ, line)


def command_line(command: Sequence[str]) -> str:
    """Return ``command`` as Windows reads it, with the program that opens no console."""
    program = PureWindowsPath(command[0])
    if is_frozen():
        start = [str(program.with_name(_WINDOW)), *command[1:]]
        return subprocess.list2cmdline(start)
    start = [str(program.with_name("pythonw.exe")), "-m", "captioner", *command[1:]]
    if command[1:3] == ["-m", "captioner"]:
        del start[3:5]
    return subprocess.list2cmdline(start)


if sys.platform == "win32":

    def _value_of(key: str, name: str) -> object:
        import winreg  # noqa: PLC0415  # there is one on Windows alone

        with (
            suppress(FileNotFoundError),
            winreg.OpenKey(winreg.HKEY_CURRENT_USER, key) as opened,
        ):
            return winreg.QueryValueEx(opened, name)[0]
        return None
