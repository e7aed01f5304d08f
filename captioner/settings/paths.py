"""Where a profile keeps its files. Nothing here creates a file or a folder; whoever writes does."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import platformdirs

_APP: Final = "captioner"


@dataclass(frozen=True, slots=True)
class ProfilePaths:
    """The places of one profile.

    Attributes:
        settings_file: JSON file with what the user chose.
        env_file: The only ``.env`` that is read unasked.
        data_dir: Transcripts and history.
        log_dir: Log files.
        runtime_dir: Sockets and locks of running processes; may vanish at logout.
    """

    settings_file: Path
    env_file: Path
    data_dir: Path
    log_dir: Path
    runtime_dir: Path

    @classmethod
    def default(cls) -> ProfilePaths:
        """Return the user's profile, in the places that the operating system means for it."""
        config = platformdirs.user_config_path(_APP, appauthor=False)
        return cls(
            settings_file=config / "settings.json",
            env_file=config / ".env",
            data_dir=platformdirs.user_data_path(_APP, appauthor=False),
            log_dir=platformdirs.user_log_path(_APP, appauthor=False),
            runtime_dir=_runtime_dir(),
        )

    @classmethod
    def under(cls, folder: Path) -> ProfilePaths:
        """Return a profile that lives below ``folder`` whole, apart from every other."""
        root = folder.expanduser().absolute()
        return cls(
            settings_file=root / "settings.json",
            env_file=root / ".env",
            data_dir=root / "data",
            log_dir=root / "logs",
            runtime_dir=root / "run",
        )


def _runtime_dir() -> Path:
    if sys.platform == "linux" and not os.environ.get("XDG_RUNTIME_DIR"):
        # Without a login session the usual fallback is a folder in /tmp that others could make.
        return platformdirs.user_state_path(_APP, appauthor=False) / "run"
    return platformdirs.user_runtime_path(_APP, appauthor=False)
