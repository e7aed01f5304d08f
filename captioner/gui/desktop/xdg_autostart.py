"""Start at login on desktops of freedesktop.org: a file of their own kind in ``autostart``."""

from __future__ import annotations

import configparser
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from captioner.settings.file import write_atomically

_GROUP: Final = "Desktop Entry"
_SPECIAL: Final = re.compile(r'(["`$\\])')
_ENTRY: Final = """[Desktop Entry]
Type=Application
Name=Captioner
Comment=Live captions for whatever your computer hears
Comment[de]=Untertitel für alles, was Ihr Computer hört
Icon=captioner
Exec={command}
Terminal=false
X-GNOME-Autostart-enabled=true
"""


class XdgAutostart:
    """A desktop entry; the user's own tools may switch it off as well."""

    def __init__(self, name: str, command: Sequence[str], folder: Path) -> None:
        """Prepare; nothing is read or written yet.

        Args:
            name: Of the file, without its ending.
            command: What is started.
            folder: The user's ``autostart``.
        """
        self._file = folder / f"{name}.desktop"
        self._command = command

    def is_on(self) -> bool:
        """Return whether the file is there and not switched off."""
        parser = configparser.RawConfigParser(strict=False)
        parser.optionxform = str  # type: ignore[assignment,method-assign]  # as its manual says
        try:
            parser.read_string(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError, configparser.Error):
            return False
        entry = dict(parser.items(_GROUP)) if parser.has_section(_GROUP) else {}
        is_enabled = entry.get("X-GNOME-Autostart-enabled", "true") != "false"
        return "Exec" in entry and entry.get("Hidden") != "true" and is_enabled

    def set(self, wanted: bool) -> None:  # noqa: FBT001  # a switch
        """Write the file, or remove it."""
        if wanted:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._file, _ENTRY.format(command=exec_value(self._command)))
        else:
            self._file.unlink(missing_ok=True)


def exec_value(command: Sequence[str]) -> str:
    """Return ``command`` as the value of ``Exec``.

    Each argument is quoted; then come the escapes that hold for every string in such a file, and
    a per cent sign that begins no field code is written twice.
    """
    quoted = " ".join(f'"{_SPECIAL.sub(_escaped, argument)}"' for argument in command)
    return quoted.replace("\\", "\\\\").replace("\n", "\\n").replace("%", "%%")


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[1]}"
