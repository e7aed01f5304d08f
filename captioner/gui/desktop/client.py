"""The way to the running program from another process. Nothing of Qt is loaded for it."""

from __future__ import annotations

import socket
import sys
import time
from io import RawIOBase
from pathlib import Path
from typing import Final

from captioner.core.errors import ErrorCategory, ProtocolError, UnavailableError
from captioner.core.process_lock import ProcessLock
from captioner.gui.commands import Command
from captioner.gui.desktop.address import Address
from captioner.gui.desktop.messages import LONGEST_LINE, Answer, decode_answer, encode_command
from captioner.settings.paths import ProfilePaths

_ANSWER_LIMIT_S: Final = 10.0
_START_LIMIT_S: Final = 15.0
"""So long may the other one take to start, or to end."""

_RETRY_S: Final = 0.05


class SoleWindow:
    """The right to be the one window of a profile.

    Args:
        paths: The profile.
    """

    def __init__(self, paths: ProfilePaths) -> None:
        """Claim nothing yet."""
        self._address = Address.of(paths)
        self._lock = ProcessLock(self._address.lock_file)

    def claim_or_raise(self) -> bool:
        """Return True when this process has the right; otherwise show the window that has it.

        Raises:
            OSError: The profile cannot be written, so nobody can have the right.
            ConfigurationError: Its folder belongs to another user.
            UnavailableError: Another process has the right, but does not answer.
            ProtocolError: It is another version.
        """
        self._address.make_folder()
        give_up = time.monotonic() + _START_LIMIT_S
        while not self._lock.take():
            if self._is_raised():
                return False
            if time.monotonic() > give_up:
                raise UnavailableError(
                    "Captioner is already running, but does not answer.",
                    hint="End the process that hangs, and start Captioner again.",
                )
            time.sleep(_RETRY_S)
        return True

    def release(self) -> None:
        """Let another process be the one."""
        self._lock.release()

    def _is_raised(self) -> bool:
        try:
            answer = _ask_once(self._address, Command.RAISE)
        except UnavailableError:  # it is about to end
            return False
        if answer is not None and answer.category is ErrorCategory.PROTOCOL:
            raise ProtocolError(answer.message, hint=answer.hint)
        return answer is not None and answer.category is None


def ask(paths: ProfilePaths, command: Command) -> Answer:
    """Ask the running program of a profile for ``command``; wait while it is starting.

    Raises:
        UnavailableError: None is running, or it does not answer.
        ConfigurationError: Its folder belongs to another user.
        ProtocolError: It is another version.
    """
    address = Address.of(paths)
    give_up = time.monotonic() + _START_LIMIT_S
    while (answer := _ask_once(address, command)) is None:
        if not is_running(paths):
            raise UnavailableError(
                "Captioner is not running.", hint="Start its window with `captioner gui`."
            )
        if time.monotonic() > give_up:
            raise UnavailableError(
                "Captioner is running, but does not answer.", hint="Try again in a moment."
            )
        time.sleep(_RETRY_S)
    return answer


def is_running(paths: ProfilePaths) -> bool:
    """Return whether a profile has a window, or one that is starting or ending."""
    lock_file = Address.of(paths).lock_file
    if not lock_file.exists():
        return False
    lock = ProcessLock(lock_file)
    try:
        return not lock.take()
    except OSError:
        return False
    finally:
        lock.release()


def _ask_once(address: Address, command: Command) -> Answer | None:
    """Return the answer, or None where nobody listens.

    Raises:
        UnavailableError: Somebody does, but there is no telling whether it is done.
    """
    try:
        address.check_folder()
        line = _connect(address)
    except OSError:
        return None
    try:
        with line:
            line.write(encode_command(command))
            received = line.readline(LONGEST_LINE)
    except OSError:
        received = b""
    if not received:
        raise UnavailableError(
            "Captioner is running, but does not answer.", hint="Try again in a moment."
        )
    return decode_answer(received)


def _connect(address: Address) -> RawIOBase:
    if sys.platform == "win32":
        return Path(address.server_name).open("r+b", buffering=0)  # pipes are files to clients
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_ANSWER_LIMIT_S)
        connection.connect(address.server_name)
        return connection.makefile("rwb", buffering=0)  # which keeps it open
