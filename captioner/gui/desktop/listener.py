"""The running program's ear for other processes of the same user."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from captioner.core.errors import CaptionerError, FaultError
from captioner.gui.commands import Command
from captioner.gui.desktop.address import Address
from captioner.gui.desktop.messages import (
    LONGEST_LINE,
    Answer,
    decode_command,
    encode_answer,
)
from captioner.settings.paths import ProfilePaths

logger = logging.getLogger(__name__)

_MOST_CALLERS: Final = 16
_CALL_LIMIT_MS: Final = 5000
"""A caller that says nothing for so long is cut off."""

Carry = Callable[[Command], str]
"""Carries a command out and returns the sentence that says what happened."""


class Listener(QObject):
    """Takes one command from each caller, carries it out, answers and hangs up."""

    def __init__(self, carry: Carry) -> None:
        """Listen to nobody yet."""
        super().__init__()
        self._carry = carry
        self._server = QLocalServer(self)
        # Windows' pipes have no folder that keeps others out.
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.setMaxPendingConnections(_MOST_CALLERS)
        self._server.newConnection.connect(self._on_call)

    def open(self, paths: ProfilePaths) -> None:
        """Listen for the profile of ``paths``, whose only window this must be.

        What keeps it from that is logged: captions come first.
        """
        address = Address.of(paths)
        try:
            address.make_folder()
        except (OSError, CaptionerError) as error:
            logger.warning("Other processes cannot reach this window: %s", error)
            return
        QLocalServer.removeServer(address.server_name)  # left behind by one that crashed
        if not self._server.listen(address.server_name):
            logger.warning(
                "Other processes cannot reach this window: %s", self._server.errorString()
            )

    def close(self) -> None:
        """Listen to nobody any more."""
        self._server.close()

    def _on_call(self) -> None:
        while (caller := self._server.nextPendingConnection()) is not None:
            if len(self._server.findChildren(QLocalSocket)) > _MOST_CALLERS:
                caller.abort()
                caller.deleteLater()
                continue
            caller.setReadBufferSize(LONGEST_LINE)
            caller.disconnected.connect(caller.deleteLater)
            caller.readyRead.connect(lambda caller=caller: self._on_words(caller))
            QTimer.singleShot(_CALL_LIMIT_MS, caller, caller.abort)
            self._on_words(caller)

    def _on_words(self, caller: QLocalSocket) -> None:
        if caller.canReadLine():
            caller.readyRead.disconnect()
            answer = self._answer_to(bytes(caller.readLine(LONGEST_LINE).data()))
            caller.write(encode_answer(answer))
            caller.flush()
            caller.disconnectFromServer()
        elif caller.bytesAvailable() >= LONGEST_LINE:
            caller.abort()

    def _answer_to(self, line: bytes) -> Answer:
        try:
            command = decode_command(line)
            logger.info("another process asks: %s", command)
            return Answer(self._carry(command))
        except CaptionerError as error:
            return Answer.of_error(error)
        except Exception:
            logger.exception("a command of another process failed")
            fault = FaultError("Captioner met a fault of its own.", hint="Its log has the details.")
            return Answer.of_error(fault)
