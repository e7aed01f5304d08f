"""The real program as a child process, in a profile of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

_STOP_LIMIT_S: Final = 20.0
_DEFAULT_SIGNALS: Final = ("/usr/bin/env", "--default-signal=HUP,INT")
"""Tests that run under nohup, or behind a shell's &, inherit that these are ignored."""


class Program:
    """Starts ``captioner`` with a private profile and home.

    Attributes:
        profile: Folder of the profile.
    """

    def __init__(self, folder: Path) -> None:
        """Keep everything below ``folder``."""
        self.profile = folder / "profile"
        self._home = folder / "home"
        self._home.mkdir()
        self._children: list[subprocess.Popen[str]] = []

    def command(self, *arguments: str) -> list[str]:
        """Return the whole command line."""
        return [sys.executable, "-m", "captioner", "--profile-dir", str(self.profile), *arguments]

    def environ(self, **changes: str) -> dict[str, str]:
        """Return an environment without the tester's own display, sound, keyring or server."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("RIVA_", "CAPTIONER_", "DISPLAY", "WAYLAND", "DBUS_", "QT_"))
        }
        return kept | {"HOME": str(self._home), "NO_COLOR": "1"} | changes

    def run(
        self, *arguments: str, environ: dict[str, str] | None = None, limit_s: float = 120.0
    ) -> subprocess.CompletedProcess[str]:
        """Run to the end and return what was printed, whatever the exit code."""
        return subprocess.run(
            self.command(*arguments),
            env=self.environ() if environ is None else environ,
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=limit_s,
        )

    def start(
        self, *arguments: str, output: Path, environ: dict[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Start it with standard output into the file ``output`` and errors beside it.

        It leads a group of processes of its own, as a command in a terminal does.
        """
        with output.open("w") as out, output.with_suffix(".err").open("w") as errors:
            child = subprocess.Popen(
                [*_DEFAULT_SIGNALS, *self.command(*arguments)],
                env=self.environ() if environ is None else environ,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        self._children.append(child)
        return child

    def interrupt(
        self, child: subprocess.Popen[str], number: signal.Signals = signal.SIGINT
    ) -> int:
        """Press Ctrl-C, which the terminal sends to the whole group; return the exit code."""
        os.killpg(child.pid, number)
        return child.wait(_STOP_LIMIT_S)

    def stop(self) -> None:
        """End what still runs."""
        for child in self._children:
            if child.poll() is None:
                child.kill()
            child.wait()

    @staticmethod
    def wait_for(condition: Callable[[], bool], *, what: str, limit_s: float = 30.0) -> None:
        """Poll ``condition`` until it holds.

        Raises:
            TimeoutError: It did not hold within ``limit_s`` seconds.
        """
        deadline = time.monotonic() + limit_s
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(what)
            time.sleep(0.05)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """The program, with nothing of it left running afterwards."""
    running = Program(tmp_path)
    yield running
    running.stop()


@pytest.fixture
def mock_program(program: Program) -> Program:
    """The program with the engine that plays a script: it is there at once."""
    program.profile.mkdir()
    settings = {"engine": {"backend": "mock"}}
    (program.profile / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    return program
