"""Where the running program of a profile can be reached, by its user alone."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from captioner.core.errors import ConfigurationError
from captioner.settings.paths import ProfilePaths

_SOCKET: Final = "window.sock"
_LONGEST: Final = 100
"""Bytes of a socket's path: Linux allows 107, macOS 103."""


@dataclass(frozen=True, slots=True)
class Address:
    """Of one profile.

    Attributes:
        folder: Holds the socket and the lock; nobody else may look inside.
        server_name: What is listened on: the path of a socket, on Windows the name of a pipe.
    """

    folder: Path
    server_name: str

    @classmethod
    def of(cls, paths: ProfilePaths) -> Address:
        """Return the address of a profile; nothing is created."""
        folder = paths.runtime_dir
        real = os.path.normcase(folder.resolve())  # one folder may have several names
        digest = hashlib.sha256(os.fsencode(real)).hexdigest()[:16]
        if sys.platform == "win32":
            return cls(folder, rf"\\.\pipe\captioner-{digest}")
        if len(os.fsencode(folder / _SOCKET)) > _LONGEST:
            # No socket can be made there. All processes must agree, so TMPDIR has no say.
            folder = Path(f"/tmp/captioner-{os.getuid()}-{digest}")  # noqa: S108  # checked below
        return cls(folder, str(folder / _SOCKET))

    @property
    def lock_file(self) -> Path:
        """Held by the running program."""
        return self.folder / "window.lock"

    def make_folder(self) -> None:
        """Create the folder, for its user alone.

        Raises:
            OSError: It cannot be created.
            ConfigurationError: It belongs to somebody else.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.check_folder()
        if sys.platform != "win32":
            self.folder.chmod(0o700)

    def check_folder(self) -> None:
        """Trust nothing that another user has put there.

        Raises:
            OSError: There is no such folder.
            ConfigurationError: It belongs to somebody else, or is a link.
        """
        if sys.platform == "win32":
            return  # the pipe itself lets no other user in
        found = self.folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise ConfigurationError(
                f"The folder {self.folder} is not yours, so the running Captioner cannot be "
                "reached through it.",
                hint="Remove that folder, or choose another profile with --profile-dir.",
            )
