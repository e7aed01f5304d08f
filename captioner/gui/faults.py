"""Our own faults: from slots, from tasks and from Qt they reach the log, and the user is told."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final

from PySide6.QtCore import QCoreApplication, QMessageLogContext, QtMsgType, qInstallMessageHandler

from captioner.core.errors import CaptionerError
from captioner.gui.text.sentences import said
from captioner.telemetry.logs import FILE_ONLY

logger = logging.getLogger(__name__)


_LEVELS: Final = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.DEBUG,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def fault_text() -> str:
    """Return what the user is told of a fault of ours."""
    return QCoreApplication.translate(
        "Faults", "Captioner met a fault of its own. The log file has the details."
    )


@contextmanager
def faults_told(loop: asyncio.AbstractEventLoop, tell: Callable[[str], None]) -> Iterator[None]:
    """While this lasts, an uncaught exception is logged as before and ``tell`` says it on screen.

    PySide hands exceptions of slots to ``sys.excepthook``; the loop has a handler of its own for
    callbacks and lost tasks.
    """
    log_uncaught = sys.excepthook

    def on_uncaught(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, CaptionerError):  # what a user can meet is no fault of ours
            logger.error("%s", error, exc_info=(kind, error, traceback))
            tell(" ".join(said(text) for text in (error.message, error.hint) if text))
            return
        log_uncaught(kind, error, traceback)
        if isinstance(error, Exception):
            tell(fault_text())

    def on_loop_fault(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if error is None:
            logger.error("The loop reports: %s", context.get("message"))
        else:
            on_uncaught(type(error), error, error.__traceback__)

    sys.excepthook = on_uncaught
    loop.set_exception_handler(on_loop_fault)
    qInstallMessageHandler(_log_qt)
    try:
        yield
    finally:
        qInstallMessageHandler(None)
        loop.set_exception_handler(None)
        sys.excepthook = log_uncaught


def _log_qt(kind: QtMsgType, _context: QMessageLogContext, text: str | None) -> None:
    # Qt's remarks help nobody at the console; the log file keeps them.
    logger.log(_LEVELS.get(kind, logging.WARNING), "Qt: %s", text, extra=FILE_ONLY)
