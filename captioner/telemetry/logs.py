"""Logging: a rotating file of JSON lines, and a quiet console.

Two promises hold for every record, whoever wrote it:

- Secrets do not get through: values registered with `register_secret`, and anything that looks
  like a bearer token or a key of NVIDIA, are replaced before a handler sees the line.
- Transcript text is never logged. No filter can know what a transcript is, so this one is kept
  by the code: modules log counts, times, ids and categories, and never the words of a segment.

Modules use ``logging.getLogger(__name__)``. Records may come from any thread.
"""

from __future__ import annotations

import errno
import logging
import logging.handlers
import os
import re
import sys
import threading
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Final

from captioner.core.process_lock import ProcessLock
from captioner.telemetry.log_lines import JsonLines
from captioner.telemetry.log_room import lock_of, make_room

_log = logging.getLogger(__name__)

FILE_ONLY: Final = {"file_only": True}
"""``extra=FILE_ONLY`` keeps a record off the console: it is told there in another way."""

_MAX_BYTES: Final = 2_000_000
_BACKUPS: Final = 3
_MOST_WRITERS: Final = 20
_MOST_BYTES: Final = 64_000_000
"""Of all logs of a profile; more only while more than eight processes of it run at a time."""

_HIDDEN: Final = "[hidden]"
_MIN_SECRET: Final = 4  # hiding shorter strings would garble every line and protect nothing
_TOKENS: Final = re.compile(r"(?i)(\bbearer\s+)[^\s'\",;)]+|\b(?:nvapi|nvcf)-[\w-]{8,}")

_CHATTY: Final = ("asyncio", "grpc", "qasync", "markdown_it")
"""Loggers whose debug records say much and help nobody here."""

_secrets: set[str] = set()


def register_secret(value: str) -> None:
    """Hide ``value`` in all later log lines of this process."""
    if len(value) >= _MIN_SECRET:
        _secrets.add(value)


def redact(text: str) -> str:
    """Return ``text`` with registered secrets and anything like a token replaced."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    return _TOKENS.sub(lambda match: (match[1] or "") + _HIDDEN, text)


def configure_logging(
    log_dir: Path, *, verbose: bool, console: bool, name: str = "captioner"
) -> Path | None:
    """Send all logging of this process to a file and, quietly, to the console.

    Uncaught exceptions and Python's own warnings go to the file, too. Calling it again replaces
    what the first call set up.

    Args:
        log_dir: Folder of the file; created, readable by the user alone, when missing.
        verbose: The file takes debug records and tracebacks, and the console takes information.
        console: Whether warnings are shown on standard error.
        name: Name of the file without ``.log``. Two writers must not rotate the same file: where
            another process has it, ``-2`` and so on is added.

    Returns:
        The log file, or None when it cannot be written: then the console says why, and the
        program goes on without one.
    """
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, _File | _Console)]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(logging.INFO)
    if console:
        root.addHandler(_Console(verbose=verbose))
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    log_file = log_dir / f"{name}.log"
    try:
        log_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        log_file, lock = _first_free(log_dir, name)
        root.addHandler(_File(log_file, lock, verbose=verbose))
    except OSError as error:
        _log.warning("There is no log file: %s cannot be written (%s).", log_file, error.strerror)
        return None
    _make_room(log_dir)
    return log_file


def _make_room(log_dir: Path) -> None:
    try:
        each_bytes = _MAX_BYTES * (1 + _BACKUPS)
        make_room(log_dir, most_bytes=_MOST_BYTES, each_bytes=each_bytes)
    except OSError as error:
        _log.info("Old logs are not removed: %s (%s).", log_dir, error.strerror)


def _first_free(log_dir: Path, name: str) -> tuple[Path, ProcessLock]:
    for number in range(1, _MOST_WRITERS + 1):
        numbered = name if number == 1 else f"{name}-{number}"
        lock = lock_of(log_dir, numbered)
        if lock.take():
            return log_dir / f"{numbered}.log", lock
    raise OSError(errno.EBUSY, "too many processes of this profile run")


def log_file_in_use() -> Path | None:
    """Return the file that this process logs to, or None when there is none."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, _File):
            return Path(handler.baseFilename)
    return None


class _File(logging.handlers.RotatingFileHandler):
    """The log file: bounded, and readable by the user alone.

    When it cannot be written any more, that is said once.
    """

    def __init__(self, path: Path, lock: ProcessLock, *, verbose: bool) -> None:
        self._is_failing = False
        self._lock = lock
        super().__init__(path, maxBytes=_MAX_BYTES, backupCount=_BACKUPS, encoding="utf-8")
        self.setFormatter(JsonLines(redact, verbose=verbose))

    def _open(self) -> TextIOWrapper:
        return open(  # pathlib's open takes no opener
            self.baseFilename, "a", encoding=self.encoding, opener=_open_private
        )

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the library's name
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
        elif not self._is_failing:
            self._is_failing = True  # before the line below, which comes here as well
            _log.warning("The log %s cannot be written: %s.", self.baseFilename, error.strerror)

    def close(self) -> None:
        with suppress(OSError):  # what could not be written was told when it was met
            super().close()
        self._lock.release()

    def doRollover(self) -> None:  # noqa: N802  # the name is the library's
        try:
            super().doRollover()
        except OSError:  # Windows: somebody reads it; go on in the same file
            self.stream = self._open()


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)


class _Console(logging.Handler):
    """For people: the sentence alone, on whatever ``sys.stderr`` is at that moment.

    A progress display puts its own stream there, so that lines do not tear it.
    """

    def __init__(self, *, verbose: bool) -> None:
        super().__init__(logging.INFO if verbose else logging.WARNING)
        self._verbose = verbose

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "file_only", False):
            return False
        if record.name == "py.warnings" and not self._verbose:
            return False
        return bool(super().filter(record))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            label, colour = _label(record.levelno)
            if sys.stderr.isatty() and not os.environ.get("NO_COLOR"):
                label = f"\x1b[{colour}m{label}\x1b[0m"
            sys.stderr.write(f"{label}: {redact(record.getMessage())}\n")
            sys.stderr.flush()
        except Exception:  # noqa: BLE001  # logging must not stop the program; the library reports
            self.handleError(record)


def _label(level: int) -> tuple[str, str]:
    if level >= logging.ERROR:
        return "Error", "1;31"
    if level >= logging.WARNING:
        return "Warning", "1;33"
    return "Info", "2"


def _log_uncaught(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if not issubclass(kind, Exception):  # Ctrl-C and exits are no faults
        sys.__excepthook__(kind, error, traceback)
        return
    _log.critical(
        "Captioner met a fault of its own (%s). The log file has the details.",
        kind.__name__,
        exc_info=(kind, error, traceback),
    )


def _log_uncaught_in_thread(what: threading.ExceptHookArgs) -> None:
    if what.exc_value is not None:
        _log_uncaught(what.exc_type, what.exc_value, what.exc_traceback)
