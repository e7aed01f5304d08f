"""The file of the history: how it is opened, whose it is, and what its errors mean."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from captioner.core.errors import CaptionerError, ConfigurationError, UnsupportedError
from captioner.transcript.history.files import encrypted_file, is_there, kept_file, key_of
from captioner.transcript.history.keys import KEY_LOST, kept_key
from captioner.transcript.history.schema import MOVED, migrate
from captioner.transcript.history.sealing import let_seal, sealed_files, take_in
from captioner.transcript.history.sqlite import both, connect

logger = logging.getLogger(__name__)

DAMAGED: Final = "HISTORY_DAMAGED"
"""Code of the error that says that the file makes no sense."""

_BUSY_S: Final = 5.0


def open_history(
    path: Path, *, wait_s: float = _BUSY_S, encrypted: bool = False
) -> sqlite3.Connection:
    """Open the history, made or brought to the present version where that is needed.

    Only the user can read what is new of folder and file.

    Args:
        path: The name of the history, see `kept_file`.
        wait_s: For how long other processes are waited for.
        encrypted: Whether one that is not there yet is made encrypted.

    Raises:
        ConfigurationError: It cannot be opened, it is damaged (code `DAMAGED`), or its key is lost
            (code `KEY_LOST`).
        UnsupportedError: It is encrypted, and its key cannot be had now.
    """
    try:
        return _open(path, _file(path, encrypted=encrypted), wait_s)
    except ConfigurationError as error:
        if error.code != MOVED:
            raise
    return _open(path, _file(path, encrypted=encrypted), wait_s)


def open_file(file: Path, *, wait_s: float = _BUSY_S) -> sqlite3.Connection:
    """Open one file of a history, plain or encrypted as its name says; see `open_history`."""
    key = key_of(file)
    with history_errors(file):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        connection = connect(file, key=key, wait_s=wait_s)
        try:
            _check_key(connection, file, key)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("PRAGMA journal_size_limit = 4194304")
            migrate(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def _open(path: Path, file: Path, wait_s: float) -> sqlite3.Connection:
    """Open ``file`` with all that was said while its key could not be had."""
    connection = open_file(file, wait_s=wait_s)
    unkept: tuple[type[Exception], ...] = (
        OSError,
        UnsupportedError,
        *both(sqlite3.OperationalError),
    )
    try:
        _take_in_what_waits(connection, path, file)
    except unkept as error:
        # It waits on, and what is there can be read also where nothing can be written.
        logger.warning("Captions that wait are not in the history: %s", error)
    except BaseException:
        connection.close()
        raise
    return connection


def _take_in_what_waits(connection: sqlite3.Connection, path: Path, file: Path) -> None:
    if (key := key_of(file)) is not None:
        let_seal(path, key)
    if sealed_files(path):
        try:
            key = key or kept_key()
        except ConfigurationError as error:  # plain by now, and the key is lost
            logger.warning("Captions that were sealed stay so: %s", error)
        else:
            take_in(connection, path, key)


def _file(path: Path, *, encrypted: bool) -> Path:
    if is_there(path):
        return kept_file(path)
    return encrypted_file(path) if encrypted else path


def _check_key(connection: sqlite3.Connection, file: Path, key: str | None) -> None:
    """Tell a key that does not fit from damage."""
    try:
        connection.execute("PRAGMA schema_version").fetchone()
    except both(sqlite3.DatabaseError) as error:
        if key is None or _kind(error) != sqlite3.SQLITE_NOTADB:
            raise
        raise ConfigurationError(
            f"The key in the keyring does not open the transcripts in {file}.",
            hint="Bring back the keyring that has their key, under captioner and history.",
            code=KEY_LOST,
        ) from error


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the history to look something up; one that is not there is as an empty one.

    Raises:
        ConfigurationError: It cannot be read.
        UnsupportedError: It is encrypted, and its key cannot be had now.
    """
    if is_there(path):
        connection = open_history(path)
    else:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        migrate(connection)
    try:
        with history_errors(path):
            yield connection
    finally:
        connection.close()


@contextmanager
def history_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite and the system say of the file into errors for the user."""
    try:
        yield
    except both(sqlite3.Error) as error:
        raise _explained(error, path) from error
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from error


def is_damaged(error: CaptionerError) -> bool:
    """Return whether ``error`` says that the file makes no sense."""
    return error.code == DAMAGED


def damaged(path: Path) -> ConfigurationError:
    """Return the error that says that the file makes no sense."""
    return ConfigurationError(
        f"The transcripts in {path} are damaged.",
        hint="Run `captioner history check`, which keeps what can be read of it.",
        code=DAMAGED,
    )


def file_size(path: Path) -> int:
    """Return how many bytes the history takes, with what SQLite keeps beside it."""
    total = 0
    file = kept_file(path)
    for name in (file.name, f"{file.name}-wal"):
        with suppress(OSError):
            total += file.with_name(name).stat().st_size
    return total


def _kind(error: BaseException) -> int:
    # The lower eight bits are the kind of the error, the others its details.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _explained(error: BaseException, path: Path) -> ConfigurationError:
    match _kind(error):
        case sqlite3.SQLITE_FULL:
            return ConfigurationError(
                "There is no room on the disk for the transcripts.",
                hint="Make room on the disk.",
                code="HISTORY_FULL",
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return ConfigurationError(
                f"Another program holds the transcripts in {path}.",
                hint="End the program that has the file open.",
                code="HISTORY_LOCKED",
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return damaged(path)
        case _:
            return _unwritable(path, str(error))


def _unwritable(path: Path, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"The transcripts in {path} cannot be kept: {reason}.",
        hint="Choose a folder that you may write to, on a disk with room, in the settings.",
        code="HISTORY_UNWRITABLE",
    )
