"""A clean Debian without Python in a folder of its own, to install a package into.

It is made by debootstrap from the mirror that this machine's apt uses, which needs root. Programs
in it share /tmp with this machine, so that private displays, sound servers and buses reach them;
they see nothing else of it. Each call has mounts of its own, which end with it.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

CACHE: Final = Path(__file__).parents[2] / "build" / "cache" / "debian"
"""Debian's packages, kept for the next run."""

HOME: Final = "/home/reader"

_APART: Final = ("/usr/bin/unshare", "--mount", "--propagation", "private")
"""Mounts end with the process, so that nothing of this machine is ever seen below the folder."""

_ENTER: Final = (
    'root=$1; shift; mount --rbind /dev "$root/dev"; mount -t proc proc "$root/proc"; '
    'mount --bind /tmp "$root/tmp"; mount --bind "$CACHE" "$root/var/cache/apt/archives"; '
    'exec chroot "$root" "$@"'
)
_PATH: Final = "/usr/sbin:/usr/bin:/sbin:/bin"
_APT: Final = (
    "apt-get",
    "--yes",
    "--no-install-recommends",
    "-o",
    "APT::Keep-Downloaded-Packages=1",
)


class CleanRootUnavailableError(Exception):
    """It cannot be made here; the text says why."""


class CleanRoot:
    """A system in a folder.

    Attributes:
        folder: Where its files lie, as this machine sees them.
    """

    def __init__(self, folder: Path) -> None:
        """Take over a folder that has the system already."""
        self.folder = folder

    def command(self, *command: str) -> list[str]:
        """Return the command line that runs ``command`` in it; `environ` goes with it."""
        return [*_APART, "/bin/sh", "-ec", _ENTER, "sh", str(self.folder), *command]

    @staticmethod
    def environ(**changes: str) -> dict[str, str]:
        """Return the environment of a user of it."""
        own = {"PATH": _PATH, "HOME": HOME, "LANG": "C.UTF-8", "CACHE": str(CACHE)}
        return own | {"DEBIAN_FRONTEND": "noninteractive", "NO_COLOR": "1"} | changes

    def run(
        self, *command: str, limit_s: float = 120.0, check: bool = True, **changes: str
    ) -> subprocess.CompletedProcess[str]:
        """Run ``command`` in it to the end.

        Raises:
            AssertionError: ``check`` is wanted, and it failed; the text has what it said.
        """
        done = subprocess.run(
            self.command(*command),
            env=self.environ(**changes),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=limit_s,
        )
        assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done

    def apt(self, *arguments: str) -> str:
        """Install or remove packages."""
        return self.run(*_APT, *arguments, limit_s=600).stdout

    def files(self) -> set[str]:
        """Return the path of everything in it but what apt and dpkg keep for themselves."""
        found = set()
        for folder, folders, names in os.walk(self.folder):
            place = str(Path("/") / Path(folder).relative_to(self.folder))
            if place in {"/proc", "/dev", "/tmp", "/var/cache", "/var/lib/apt", "/var/log"}:  # noqa: S108
                folders.clear()
                continue
            found |= {f"{place.rstrip('/')}/{name}" for name in (*names, *folders)}
        return found


@contextmanager
def running_clean_root(folder: Path) -> Iterator[CleanRoot]:
    """Make a clean system in ``folder``, and remove it afterwards.

    Raises:
        CleanRootUnavailableError: It cannot be made here.
    """
    missing = [name for name in ("debootstrap", "unshare", "chroot") if shutil.which(name) is None]
    if missing:
        raise CleanRootUnavailableError(f"not installed: {', '.join(missing)}")
    if os.geteuid() != 0:
        raise CleanRootUnavailableError("only root can make a system in a folder")
    suite = platform.freedesktop_os_release()["VERSION_CODENAME"]
    CACHE.mkdir(parents=True, exist_ok=True)
    (CACHE / "partial").mkdir(exist_ok=True)
    made = subprocess.run(
        [
            *_APART,
            *("/usr/sbin/debootstrap", "--variant=minbase", f"--cache-dir={CACHE}"),
            *(suite, str(folder), _mirror(suite)),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if made.returncode != 0:
        raise CleanRootUnavailableError(f"debootstrap failed: {made.stdout[-500:]}{made.stderr}")
    root = CleanRoot(folder)
    (folder / HOME.lstrip("/")).mkdir()
    try:
        yield root
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    mounts = Path("/proc/self/mountinfo").read_text("utf-8").splitlines()
    mounted = [place for line in mounts if (place := line.split()[4]).startswith(f"{folder}/")]
    assert not mounted, f"left alone, because of what is mounted in it: {mounted}"
    subprocess.run(["/bin/rm", "-r", "--one-file-system", folder], check=True, timeout=120)


def _first_of(address: str) -> str:
    """Return ``address``, or the first mirror of the list in the file that it names."""
    if not address.startswith("mirror+file:"):
        return address
    listed = Path(address.removeprefix("mirror+file:").rstrip("/")).read_text("utf-8")
    return re.findall(r"^\S+", listed, re.MULTILINE)[0]


def _mirror(suite: str) -> str:
    """Return where apt takes the packages of ``suite`` from."""
    said = subprocess.run(
        [
            "/usr/bin/apt-get",
            "indextargets",
            "--format",
            "$(CODENAME) $(REPO_URI)",
            "Created-By: Packages",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stdout
    for line in said.splitlines():
        name, _, address = line.partition(" ")
        if name == suite:
            return _first_of(address)
    raise CleanRootUnavailableError(f"apt has no mirror of {suite}")
