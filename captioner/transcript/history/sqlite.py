"""SQLite twice: Python's own for plain files, SQLCipher for encrypted ones.

A file is opened by one of them alone: two copies of SQLite in one process undo each other's locks.
SQLCipher is loaded where there is an encrypted file; it takes memory that others need not give.
"""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path
from typing import Any, Final

from captioner.core.errors import UnsupportedError

_CIPHER: Final = "sqlcipher3.dbapi2"


def connect(file: Path, *, key: str | None, wait_s: float) -> sqlite3.Connection:
    """Open ``file``, made where it is not there, for any thread and without open transactions.

    Args:
        file: The file.
        key: 64 hexadecimal digits where it is encrypted; None where it is plain.
        wait_s: For how long other processes are waited for.

    Raises:
        UnsupportedError: It is encrypted, and this installation lacks SQLCipher.
    """
    library: Any = sqlite3 if key is None else cipher()
    connection: sqlite3.Connection = library.connect(
        file, timeout=wait_s, isolation_level=None, check_same_thread=False
    )
    if key is not None:
        # It writes to standard error of its own accord; what is wrong comes as an error, too.
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f"PRAGMA key = \"x'{key}'\"")
    return connection


def both(kind: type[sqlite3.Error]) -> tuple[type[sqlite3.Error], ...]:
    """Return ``kind`` of error as each of the two raises it."""
    loaded = sys.modules.get(_CIPHER)
    return (kind,) if loaded is None else (kind, getattr(loaded, kind.__name__))


def cipher() -> object:
    """Make sure that files can be encrypted here; return what does it, with sqlite3's interface.

    Raises:
        UnsupportedError: They cannot.
    """
    try:
        from sqlcipher3 import dbapi2  # noqa: PLC0415  # only where there is an encrypted file
    except ImportError as error:
        raise UnsupportedError(
            "This installation of Captioner cannot encrypt transcripts: it lacks SQLCipher.",
            hint="Install Captioner again, or `pip install sqlcipher3`.",
        ) from error
    return dbapi2
