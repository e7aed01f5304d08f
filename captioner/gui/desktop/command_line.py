"""The command that starts this very installation, for a desktop that is to run it."""

from __future__ import annotations

import sys
from pathlib import Path

from captioner.core.own_program import own_program
from captioner.settings.paths import ProfilePaths


def own_command(paths: ProfilePaths, *arguments: str) -> list[str]:
    """Return the command line of ``captioner`` with ``arguments`` for the profile of ``paths``.

    A desktop may look for programs elsewhere than a terminal does, so the path is whole.
    """
    script = Path(sys.executable).with_name(
        "captioner.exe" if sys.platform == "win32" else "captioner"
    )
    command = [str(script)] if script.is_file() else own_program()
    if paths != ProfilePaths.default():
        command += ["--profile-dir", str(paths.settings_file.parent)]
    return [*command, *arguments]
