"""The numbered server scripts, run as a user runs them, in a checkout and a home of their own."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from dotenv import dotenv_values

_ROOT: Final = Path(__file__).parents[2]
_LIMIT_S: Final = 100.0


@dataclass
class ServerScripts:
    """A checkout with nothing but the scripts.

    Attributes:
        root: The checkout.
        commands: A folder at the head of PATH, for stand-ins.
        environ: What every script finds in its environment.
    """

    root: Path
    commands: Path
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def env_file(self) -> Path:
        """The configuration."""
        return self.root / ".env"

    def values(self) -> dict[str, str | None]:
        """Return the configuration as others read it."""
        return dict(dotenv_values(self.env_file, interpolate=False))

    def script(self, number: str) -> str:
        """Return the path of a script."""
        (found,) = (self.root / "scripts").glob(f"riva-{number}-*.sh")
        return str(found)

    def command(self, number: str, *arguments: str) -> list[str]:
        """Return the command line of a script."""
        return ["/bin/bash", self.script(number), *arguments]

    def run(
        self, number: str, *arguments: str, stdin: str | None = None, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a script to its end, without a terminal, and return what it printed."""
        return subprocess.run(
            self.command(number, *arguments),
            env=self.environ | environ,
            check=False,
            input=stdin or "",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_LIMIT_S,
        )

    def must(self, number: str, *arguments: str, **environ: str) -> str:
        """Run a script that has to succeed, and return what it printed."""
        done = self.run(number, *arguments, **environ)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def refused(self, number: str, *arguments: str, **environ: str) -> str:
        """Run a script that has to fail with a fix, and return what it printed."""
        done = self.run(number, *arguments, **environ)
        assert done.returncode == 1, done.stdout
        assert " FIX " in done.stdout
        return done.stdout

    def in_terminal(self, number: str, *arguments: str, typed: str) -> str:
        """Run a script in a terminal, type ``typed``, and return what the terminal showed."""
        controller, terminal = pty.openpty()
        with subprocess.Popen(
            self.command(number, *arguments),
            env=self.environ,
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
        ) as child:
            os.close(terminal)
            shown = b""
            lines = typed.splitlines(keepends=True)
            while True:
                try:
                    shown += os.read(controller, 4096)
                except OSError:
                    break
                # A question ends without a line's end: only then something is typed.
                if lines and shown.endswith((b": ", b"[y/N] ")):
                    os.write(controller, lines.pop(0).encode())
            os.close(controller)
            assert child.wait(_LIMIT_S) == 0, shown.decode()
        assert not lines, f"nobody asked for {lines}"
        return shown.decode()

    def log(self, number: str) -> str:
        """Return the log of a script."""
        return (
            (self.root / "build/logs" / Path(self.script(number)).stem)
            .with_suffix(".log")
            .read_text(encoding="utf-8")
        )

    def stand_in(self, name: str, program: str) -> Path:
        """Put a shell program on PATH; its arguments go to the file that is returned."""
        calls = self.commands / f"{name}.calls"
        path = self.commands / name
        path.write_text(
            f"#!/bin/bash\nprintf '%s\\n' \"$@\" '--end--' >>'{calls}'\n{program}\n",
            encoding="utf-8",
        )
        path.chmod(0o755)
        calls.touch()
        return calls


def bash(scripts: ServerScripts, program: str, **environ: str) -> str:
    """Run a program that has the common functions and a configuration."""
    done = subprocess.run(
        ["/bin/bash", "-c", f"set -euo pipefail; . scripts/riva-common-functions.sh; {program}"],
        cwd=scripts.root,
        env=scripts.environ | environ,
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    )
    return done.stdout + done.stderr


@pytest.fixture
def server_scripts(tmp_path: Path) -> ServerScripts:
    """A checkout with nothing but the scripts, without a configuration."""
    return make_checkout(tmp_path)


def make_checkout(folder: Path) -> ServerScripts:
    """Make a checkout with nothing but the scripts, a home and a folder for stand-ins."""
    root = folder / "checkout"
    shutil.copytree(_ROOT / "scripts" / "lib", root / "scripts" / "lib")
    for script in (_ROOT / "scripts").glob("riva-*.sh"):
        shutil.copy(script, root / "scripts")
    shutil.copytree(_ROOT / "scripts" / "templates", root / "scripts" / "templates")
    shutil.copytree(_ROOT / "packaging", root / "packaging")
    shutil.copytree(_ROOT / "resources" / "monitoring", root / "resources" / "monitoring")
    shutil.copy(_ROOT / ".env.example", root)
    shutil.copy(_ROOT / "pyproject.toml", root)
    commands = folder / "commands"
    home = folder / "home"
    commands.mkdir()
    home.mkdir()
    (commands / "aws").write_text(
        f"#!/bin/bash\nexec '{sys.executable}' '{Path(sys.executable).parent / 'aws'}' \"$@\"\n",
        encoding="utf-8",
    )
    (commands / "aws").chmod(0o755)
    environ = {"PATH": f"{commands}:/usr/bin:/bin", "HOME": str(home), "TERM": "dumb"}
    return ServerScripts(root, commands, environ)
