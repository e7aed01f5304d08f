"""The tables of the history, and the way from each earlier version to the present one.

A step that was ever released is never changed: files that it made are out there. A new version is
a new step at the end.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from captioner.core.errors import ConfigurationError

_VERSION_1: Final = """
CREATE TABLE run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    started_at REAL NOT NULL,
    ended_at REAL,
    source TEXT NOT NULL,
    engine TEXT NOT NULL,
    language TEXT NOT NULL,
    model TEXT NOT NULL
);
CREATE TABLE segment (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    channel TEXT NOT NULL,
    spoken_at REAL NOT NULL,
    start_ms INTEGER NOT NULL,
    end_ms INTEGER NOT NULL,
    text TEXT NOT NULL,
    confidence REAL NOT NULL,
    promoted INTEGER NOT NULL,
    words TEXT NOT NULL,
    UNIQUE (run_id, number)
);
CREATE INDEX segment_spoken_at ON segment (spoken_at);
CREATE TABLE gap (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    channel TEXT NOT NULL,
    start_ms INTEGER NOT NULL,
    end_ms INTEGER NOT NULL,
    reason TEXT NOT NULL,
    UNIQUE (run_id, channel, start_ms, reason)
);
CREATE TABLE unfinished (
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    channel TEXT NOT NULL,
    number INTEGER NOT NULL,
    spoken_at REAL NOT NULL,
    start_ms INTEGER NOT NULL,
    end_ms INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (run_id, channel)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE segment_words USING fts5 (
    text, content = 'segment', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER segment_added AFTER INSERT ON segment BEGIN
    INSERT INTO segment_words (rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER segment_deleted AFTER DELETE ON segment BEGIN
    INSERT INTO segment_words (segment_words, rowid, text) VALUES ('delete', old.id, old.text);
END;
"""

# The beginnings of words, two and three letters long, have an index of their own.
_VERSION_2: Final = """
DROP TABLE segment_words;
CREATE VIRTUAL TABLE segment_words USING fts5 (
    text, content = 'segment', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2',
    prefix = '2 3'
);
INSERT INTO segment_words (segment_words) VALUES ('rebuild');
"""

STEPS: Final = (_VERSION_1, _VERSION_2)
VERSION: Final = len(STEPS)

MOVED: Final = "HISTORY_MOVED"
"""Code of the error that says that another file has everything by now."""

_MOVED_VERSION: Final = 2**31 - 1
MARK_MOVED: Final = f"PRAGMA user_version = {_MOVED_VERSION};"
"""Marks a file of which another one has everything."""


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of the tables; 0 where there are none yet."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def is_moved(connection: sqlite3.Connection) -> bool:
    """Return whether another file has everything that this one has."""
    return version_of(connection) == _MOVED_VERSION


def _check_that_it_is_here(connection: sqlite3.Connection) -> None:
    if is_moved(connection):
        raise ConfigurationError(
            "The transcripts were encrypted or decrypted at this very moment.",
            hint="Try again.",
            code=MOVED,
        )


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables to the present version, each step whole or not at all.

    Raises:
        ConfigurationError: A newer Captioner made them.
    """
    if version_of(connection) == VERSION:
        return
    with transaction(connection):
        # Another process may have done it since; a file that has moved does not come so far.
        version = version_of(connection)
        if version > VERSION:
            raise ConfigurationError(
                f"The transcripts have version {version}, and this Captioner reads version "
                f"{VERSION}.",
                hint="Use the newer Captioner that wrote them.",
            )
        for number, step in enumerate(STEPS[version:], start=version + 1):
            for statement in _statements(step):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number};")


class transaction:  # noqa: N801  # reads like the statement that it is
    """One transaction for writing: taken at the beginning, kept whole or undone whole."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Prepare."""
        self._connection = connection

    def __enter__(self) -> sqlite3.Connection:
        """Wait for other writers, and begin.

        Raises:
            ConfigurationError: Another file has everything by now (code `MOVED`).
        """
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            _check_that_it_is_here(self._connection)
        except BaseException:
            self._undo()
            raise
        return self._connection

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Keep it, or undo it after an error."""
        if kind is None:
            try:
                self._connection.execute("COMMIT")
            except BaseException:
                self._undo()
                raise
        else:
            self._undo()

    def _undo(self) -> None:
        # After some errors SQLite has undone it already.
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def _statements(script: str) -> list[str]:
    """Cut a script where SQLite says that a statement is complete."""
    found: list[str] = []
    held = ""
    for line in script.splitlines(keepends=True):
        held += line
        if sqlite3.complete_statement(held):
            found.append(held)
            held = ""
    return found
