"""Keeps captions in the history: a listener of the session, and the thread that writes."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from captioner.core.errors import CaptionerError, ConfigurationError, UnsupportedError
from captioner.core.events import SessionEvent
from captioner.settings.history import HistorySettings, history_file
from captioner.settings.models import Settings
from captioner.sinks.history_run import RunKeeper
from captioner.telemetry.logs import FILE_ONLY
from captioner.transcript.history.converting import convert, said_of_conversion
from captioner.transcript.history.database import (
    damaged,
    history_errors,
    is_damaged,
    open_history,
)
from captioner.transcript.history.files import is_there, kept_file
from captioner.transcript.history.keys import KEY_LOST
from captioner.transcript.history.moving import EXISTS, move_history
from captioner.transcript.history.records import Batch
from captioner.transcript.history.recovery import put_away, recover, what_is_damaged
from captioner.transcript.history.schema import MOVED
from captioner.transcript.history.sealing import seal
from captioner.transcript.history.writing import delete_before, keep, tidy

logger = logging.getLogger(__name__)

_GATHER_S: Final = 0.2
"""So long news wait for others: one write, and one wait for the disk, for all of them."""

_OPEN_ONES_S: Final = 1.0
_RETRY_S: Final = 2.0
_CLEAN_EVERY_S: Final = 3600.0
_DAY_S: Final = 86_400.0
_CLOSE_LIMIT_S: Final = 5.0
_MOST_WAITING: Final = 20_000
_COMFORT: Final = "Captions go on, and what is said is kept as soon as that is possible."


class _EndedError(Exception):
    """The program ends, and does not wait for what takes long."""


class HistorySink:
    """Keeps what a session captions, as the settings want it; never holds up the captions.

    A final is on the disk within a second. Where the disk refuses, the user is told once, the news
    wait (the oldest of very many are dropped and counted), and are written when that is possible.

    Attributes:
        dropped: How many finals and gaps were never written.
    """

    def __init__(self, settings: Settings, data_dir: Path, tell: Callable[[str], None]) -> None:
        """Begin; no file is made before there is something to keep.

        Args:
            settings: Whether, where and for how long; `apply` exchanges them.
            data_dir: Where the profile keeps its data.
            tell: Says something to the user; called on the thread that writes.
        """
        self._data_dir = data_dir
        self._path = history_file(settings.history, data_dir)
        self._tell = tell
        self._settings = settings.history
        self._keeper = RunKeeper(settings)
        self._ready = threading.Condition()
        self._waiting = Batch()
        self._is_over = False
        self._has_failed = self._has_sealed = self._was_told = False
        self._connection: sqlite3.Connection | None = None
        self._opened: tuple[Path, int] | None = None
        self._cleaned: tuple[HistorySettings, float] | None = None
        self._converted: tuple[Path, bool] | None = None
        self.dropped = self.failures = 0
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)
        self._thread.start()

    def __call__(self, event: SessionEvent) -> None:
        """Take in an event of the session; never waits for the disk."""
        self._put(self._keeper.take(event, time.time()))

    def apply(self, settings: Settings) -> None:
        """Let other settings hold: what comes from now on is kept as they say, or not at all."""
        self._put(self._keeper.apply(settings, time.time()))
        with self._ready:
            self._settings = settings.history
            self._ready.notify()

    def close(self) -> None:
        """Write what waits and end the thread. Blocks, at most seconds."""
        self._put(self._keeper.close(time.time()))
        with self._ready:
            self._is_over = True
            self._ready.notify()
        self._thread.join(_CLOSE_LIMIT_S)
        if self._thread.is_alive():
            logger.warning("The history does not finish and is left behind")

    def _put(self, news: Batch) -> None:
        if news:
            with self._ready:
                self._waiting.add(news)
                self._drop_the_oldest()
                self._ready.notify()

    def _drop_the_oldest(self) -> None:
        if dropped := self._waiting.shorten(_MOST_WAITING):
            self.dropped += dropped
            logger.error("%d captions could not be kept in the history", self.dropped)

    def _run(self) -> None:
        is_last = False
        while not is_last:
            with self._ready:
                self._wait()
                batch, self._waiting = self._waiting, Batch()
                is_last = self._is_over
            self._attempt(batch)
        self._close_file()
        with self._ready:
            if lost := len(self._waiting.finals):
                logger.error("%d captions are not in the history, which cannot be written", lost)

    def _wait(self) -> None:
        """Wait for news, and a little longer for more of them."""
        self._ready.wait_for(
            lambda: self._waiting or self._is_over or self._must_clean(), _CLEAN_EVERY_S
        )
        if self._has_failed:
            self._ready.wait_for(lambda: self._is_over, _RETRY_S)
            return
        self._ready.wait_for(lambda: self._is_over or self._waiting.must_last, _OPEN_ONES_S)
        self._ready.wait_for(lambda: self._is_over, _GATHER_S)

    def _attempt(self, batch: Batch) -> None:
        settings = self._settings
        path = history_file(settings, self._data_dir)
        try:
            with history_errors(path):
                self._follow(path)
                self._convert(path, encrypted=settings.encrypted)
                if batch:
                    keep(self._open(path), batch)
                if self._must_clean():
                    self._clean(path, settings)
        except CaptionerError as error:
            self._close_file()
            if isinstance(error, UnsupportedError) and batch and self._sealed(path, batch):
                batch = Batch()
            with self._ready:
                batch.add(self._waiting)
                self._waiting = batch
                self._drop_the_oldest()
            self._has_failed = error.code != MOVED  # then another file waits, and takes it at once
            self.failures += self._has_failed
            self._see_to(error, path)
        else:
            self._has_failed = False
            if self._was_told and (batch or self._has_sealed):
                self._was_told = self._has_sealed = False
                self._tell("Transcripts are kept again, with all that waited.")

    def _sealed(self, path: Path, batch: Batch) -> bool:
        """Keep what can only be read with the key that cannot be had now; return whether it is."""
        try:
            is_sealed = seal(path, batch)
        except OSError as error:
            logger.warning("Captions cannot be sealed: %s", error.strerror, extra=FILE_ONLY)
            return False
        self._has_sealed |= is_sealed
        return is_sealed

    def _see_to(self, error: CaptionerError, path: Path) -> None:
        if is_damaged(error):
            self._recover(path)
        elif error.code == KEY_LOST:
            self._put_away(path, error)
        elif error.code != MOVED:
            self._tell_trouble(error)

    def _open(self, path: Path) -> sqlite3.Connection:
        """Return the open file, opened once more where it is another one by now."""
        file = kept_file(path)
        if self._connection is not None and self._opened == (file, _identity(file)):
            return self._connection
        self._close_file()
        connection = open_history(path, encrypted=self._settings.encrypted)
        if reason := what_is_damaged(connection):
            connection.close()
            logger.warning("The history is damaged: %s", reason, extra=FILE_ONLY)
            raise damaged(path)
        file = kept_file(path)
        self._connection, self._opened = connection, (file, _identity(file))
        return connection

    def _follow(self, path: Path) -> None:
        """Take the file along where the settings name another folder by now."""
        before, self._path = self._path, path
        if before == path:
            return
        self._close_file()
        try:
            move_history(before, path)
        except ConfigurationError as error:
            if error.code != EXISTS:
                self._path = before
                raise
            self._tell(f"{error.message} {error.hint}")

    def _convert(self, path: Path, *, encrypted: bool) -> None:
        """Encrypt the file, or make it plain again, once after each change of the settings.

        Later it is as another process made it, which may know newer settings.
        """
        if self._converted == (path, encrypted):
            return
        self._close_file()
        try:
            is_converted = convert(path, encrypted=encrypted, progress=self._check_that_it_goes_on)
        except UnsupportedError:
            if not self._is_over or not path.exists():
                raise
            return  # the program ends before the keyring was unlocked: as below
        except _EndedError:
            return  # what waits goes into the file as it is; the next start goes on with it
        self._converted = path, encrypted
        if is_converted:
            self._tell(said_of_conversion(path))

    def _check_that_it_goes_on(self, _done: int, _whole: int) -> None:
        if self._is_over:
            raise _EndedError

    def _close_file(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = self._opened = None

    def _must_clean(self) -> bool:
        if self._cleaned is None:
            return True
        settings, at = self._cleaned
        return settings != self._settings or time.monotonic() - at >= _CLEAN_EVERY_S

    def _clean(self, path: Path, settings: HistorySettings) -> None:
        """Check the file, and delete what is older than the user wants to keep."""
        if is_there(path):
            connection = self._open(path)
            days = settings.keep_days
            if days and delete_before(connection, time.time() - days * _DAY_S):
                tidy(connection)
        self._cleaned = settings, time.monotonic()

    def _recover(self, path: Path) -> None:
        try:
            recovery = recover(path)
        except CaptionerError as error:
            self._tell_trouble(error)
        else:
            if recovery is not None:
                self._tell(recovery.sentence)

    def _put_away(self, path: Path, reason: CaptionerError) -> None:
        try:
            aside = put_away(path)
        except CaptionerError as error:
            self._tell_trouble(error)
        else:
            if aside is not None:
                self._tell(
                    f"{reason.message} The file was set aside untouched as {aside.name}; new "
                    f"captions go into a new file."
                )

    def _tell_trouble(self, error: CaptionerError) -> None:
        if not self._was_told:
            self._was_told = True
            logger.warning("The history cannot be written: %s", error, extra=FILE_ONLY)
            self._tell(f"{error.message} {error.hint} {_COMFORT}")


def _identity(path: Path) -> int:
    """Return what tells a file from another one of the same name; 0 where there is none."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0
