"""How this very installation is started once more: for a child process, or by the desktop."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

_CONSOLE: Final = "captioner.exe" if sys.platform == "win32" else "captioner"


def is_frozen() -> bool:
    """Return whether this is the packaged program, which brings its own Python."""
    return bool(getattr(sys, "frozen", False))


def own_program() -> list[str]:
    """Return the command that starts ``captioner``; arguments follow it.

    The packaged program is its own interpreter. Of its two entries the one for the console is
    named: pipes reach it on every system.
    """
    if is_frozen():
        return [str(Path(sys.executable).with_name(_CONSOLE))]
    return [sys.executable, "-m", "captioner"]


def repair_hint() -> str:
    """Return what a user does when a part of this installation is missing."""
    if is_frozen():
        return "Install Captioner again: its files are incomplete."
    return "Run `bash scripts/run.sh` once more: it installs what is missing."
