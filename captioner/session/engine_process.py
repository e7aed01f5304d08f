"""The process of the embedded engine, started without waiting for it.

It is a child because a fault in the model's native code must not take the window with it, and
because gRPC's server and client on two loops of one process crash. A random token guards it, which
travels through its environment. It ends by itself when this process goes away, because its
standard input then closes; Ctrl-C in the terminal does not reach it.

It says on its standard output where it listens, and then, a line a second, what it has counted.

This module is light to import, so that a window can start the engine before it loads anything else.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import subprocess
import sys
import threading
from collections import deque
from typing import Final

from pydantic import SecretStr

from captioner.core.counts import EngineCounts
from captioner.core.errors import EngineError
from captioner.core.own_program import own_program
from captioner.settings.models import EngineSettings

logger = logging.getLogger(__name__)

_TOKEN_VARIABLE: Final = "CAPTIONER_TOKEN"  # noqa: S105 - the variable's name, not a token
_NOT_INHERITED: Final = "METRICS_PORT"
"""Where this process serves its metrics, which the engine cannot do, too."""

_STOP_LIMIT_S: Final = 3.0
_LAST_LINES: Final = 20
_ERROR_MARK: Final = "Error: "
"""Begins the sentence in which a command says what went wrong; the line after it names the fix."""

_INFORMATION_MARK: Final = "Info: "
"""Begins what an engine with --verbose says, which has its place in the engine's own log."""


class EngineProcess:
    """One run of the engine, from the constructor, which returns at once, to `close`.

    Attributes:
        token: What clients must send as bearer token.
        pid: Process number.
        counts: What it has counted, by its newest line; None before the first.
    """

    def __init__(self, settings: EngineSettings, *, max_streams: int | None = None) -> None:
        """Start the process.

        Args:
            settings: Which engine.
            max_streams: Streams that it serves at a time; None leaves it to the engine.

        Raises:
            EngineError: The system refuses to.
        """
        self.token = SecretStr(secrets.token_urlsafe(32))
        try:
            self._process = subprocess.Popen(
                _command(settings, max_streams),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment() | {_TOKEN_VARIABLE: self.token.get_secret_value()},
                # The terminal sends Ctrl-C to a whole group of processes. The engine has a group of
                # its own: it shall still give the last words.
                process_group=None if sys.platform == "win32" else 0,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
                | getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise EngineError(
                f"The embedded engine could not be started: {error.strerror}.",
                hint="Install Captioner again; its files seem to be incomplete.",
            ) from error
        self.pid = self._process.pid
        self._last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        self.counts: EngineCounts | None = None
        self._announcement = b""
        self._has_announced = threading.Event()
        self._listeners = [
            threading.Thread(target=self._listen, name="engine-stderr", daemon=True),
            threading.Thread(target=self._follow, name="engine-stdout", daemon=True),
        ]
        for listener in self._listeners:
            listener.start()

    @property
    def is_running(self) -> bool:
        """False once it has ended, for whatever reason."""
        return self._process.poll() is None

    @property
    def last_words(self) -> str:
        """The newest error that it told, else its last line; empty when it said nothing."""
        told = [line for line in self._last_lines if line.startswith(_ERROR_MARK)]
        newest = told or list(self._last_lines)
        return newest[-1].removeprefix(_ERROR_MARK) if newest else ""

    def read_announcement(self) -> bytes:
        """Return the line in which it says where it listens; empty when it ended. Blocks."""
        self._has_announced.wait()
        return self._announcement

    def close(self) -> None:
        """Ask it to end, and end it if it does not. Blocks for seconds at most."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            logger.warning("The embedded engine did not stop when asked and is ended")
            self._process.kill()
            self._process.wait()
        for listener in self._listeners:
            listener.join()

    def _follow(self) -> None:
        """Take in its announcement, and then what it counts."""
        try:
            if (stdout := self._process.stdout) is None:
                raise AssertionError("the process was started without a pipe")
            with stdout as lines:
                self._announcement = lines.readline()
                self._has_announced.set()
                for line in lines:
                    self.counts = _counts(line) or self.counts
        finally:
            self._has_announced.set()  # it ended without a word

    def _listen(self) -> None:
        """Pass what it complains of on to our log, line by line."""
        if self._process.stderr is None:
            return
        with self._process.stderr as lines:
            for line in lines:
                text = line.decode(errors="replace").rstrip()
                if text.startswith(_INFORMATION_MARK):
                    continue
                logger.info("engine: %s", text)
                self._last_lines.append(text)


def _counts(line: bytes) -> EngineCounts | None:
    """Return what is counted by ``line``; None where a library wrote it."""
    try:
        return EngineCounts(**json.loads(line)["counts"])
    except (ValueError, TypeError, KeyError):
        return None


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != _NOT_INHERITED}


def _command(settings: EngineSettings, max_streams: int | None) -> list[str]:
    command = own_program()
    if logger.isEnabledFor(logging.DEBUG):
        command += ["--verbose"]  # what is wrong with the engine is in the log of the engine
    command += ["serve", "--host", "127.0.0.1", "--port", "0"]
    command += ["--engine", settings.backend, "--announce", "--tell-counts", "--exit-with-parent"]
    if settings.mock_script is not None:
        command += ["--script", settings.mock_script]
    if max_streams is not None:
        command += ["--max-streams", str(max_streams)]
    return command
