"""Start at login on macOS: a launch agent of the user."""

from __future__ import annotations

import plistlib
from collections.abc import Sequence
from pathlib import Path

from captioner.settings.file import write_atomically


class MacAutostart:
    """A property list in ``LaunchAgents``."""

    def __init__(self, name: str, command: Sequence[str], folder: Path) -> None:
        """Prepare; nothing is read or written yet.

        Args:
            name: Of the agent.
            command: What is started.
            folder: The user's ``LaunchAgents``.
        """
        self._file = folder / f"{name}.plist"
        self._name = name
        self._command = command

    def is_on(self) -> bool:
        """Return whether the agent is there and not switched off."""
        try:
            agent = plistlib.loads(self._file.read_bytes())
        except (OSError, plistlib.InvalidFileException, ValueError):
            return False
        return bool(agent.get("RunAtLoad")) and not agent.get("Disabled", False)

    def set(self, wanted: bool) -> None:  # noqa: FBT001  # a switch
        """Write the agent, or remove it; it holds from the next login on."""
        if not wanted:
            self._file.unlink(missing_ok=True)
            return
        agent = {
            "Label": self._name,
            "ProgramArguments": list(self._command),
            "RunAtLoad": True,
            "ProcessType": "Interactive",
        }
        self._file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self._file, plistlib.dumps(agent).decode("utf-8"))
