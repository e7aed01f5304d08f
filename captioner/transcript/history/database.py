"""The file of the history: how it is opened, whose it is, and what its errors mean."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from captioner.core.errors import CaptionerError, ConfigurationError
from captioner.transcript.history.schema import migrate

DAMAGED: Final = "HISTORY_DAMAGED"
"""Code of the error that says that the file makes no sense."""

_BUSY_S: Final = 5.0


def open_history(path: Path, *, wait_s: float = _BUSY_S) -> sqlite3.Connection:
    """Open the history, made or brought to the present version where that is needed.

    Only the user can read what is new of folder and file.

    Args:
        path: The file.
        wait_s: For how long other processes are waited for.

    Raises:
        ConfigurationError: It cannot be opened, or it is damaged (code `DAMAGED`).
    """
    with history_errors(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(
            path, timeout=wait_s, isolation_level=None, check_same_thread=False
        )
        try:
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


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the history to look something up; one that is not there is as an empty one.

    Raises:
        ConfigurationError: It cannot be read.
    """
    if path.exists():
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
    except sqlite3.Error as error:
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
    for name in (path.name, f"{path.name}-wal"):
        with suppress(OSError):
            total += path.with_name(name).stat().st_size
    return total


def remove_history(path: Path) -> None:
    """Take the file away, with what SQLite keeps beside it; nobody may have it open."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _explained(error: sqlite3.Error, path: Path) -> ConfigurationError:
    # The lower eight bits are the kind of the error, the others its details.
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
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
