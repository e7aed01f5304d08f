"""Copies what one file of the history has into another, row by row; twice does no harm."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

from captioner.transcript.history.schema import transaction

_AT_ONCE: Final = 2000
_RUN: Final = "id, key, started_at, ended_at, source, engine, language, model"
_SEGMENT: Final = "number, channel, spoken_at, start_ms, end_ms, text, confidence, promoted, words"
_GAP: Final = "channel, start_ms, end_ms, reason"
_UNFINISHED: Final = "channel, number, spoken_at, start_ms, end_ms, text"
_RUN_OF: Final = "(SELECT id FROM run WHERE key = ?)"


class Copying:
    """From an old file into a new one, each opened by its own copy of SQLite.

    Runs keep their numbers where these are free; it is their keys that tell them apart.
    """

    def __init__(self, old: sqlite3.Connection, new: sqlite3.Connection) -> None:
        """Prepare."""
        self._old = old
        self._new = new
        self._last = 0
        self._done = 0

    def copy_segments(self, progress: Callable[[int, int], None]) -> None:
        """Copy the runs, and the finished segments that were not copied yet."""
        whole = int(self._old.execute("SELECT count(*) FROM segment").fetchone()[0])
        while True:
            rows = self._old.execute(
                f"SELECT segment.id, key, {_SEGMENT} FROM segment"  # noqa: S608  # our own names
                " JOIN run ON run.id = run_id WHERE segment.id > ? ORDER BY segment.id LIMIT ?;",
                (self._last, _AT_ONCE),
            ).fetchall()
            with transaction(self._new):
                self._copy_runs()
                self._new.executemany(
                    f"INSERT OR IGNORE INTO segment (run_id, {_SEGMENT})"  # noqa: S608
                    f" SELECT id, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM run WHERE key = ?;",
                    [(*row[2:], row[1]) for row in rows],
                )
            if rows:
                self._last = rows[-1][0]
                self._done += len(rows)
                progress(min(self._done, whole), whole)
            if len(rows) < _AT_ONCE:  # who writes meanwhile shall not keep it going
                return

    def copy_the_rest(self) -> None:
        """Copy lost audio, open captions, and which number the next run gets."""
        with transaction(self._new):
            self._copy_runs()
            gaps = self._old.execute(
                f"SELECT {_GAP}, key FROM gap JOIN run ON run.id = run_id"  # noqa: S608
            )
            self._new.executemany(
                f"INSERT OR IGNORE INTO gap ({_GAP}, run_id)"  # noqa: S608
                f" VALUES (?, ?, ?, ?, {_RUN_OF})",
                gaps.fetchall(),
            )
            open_ones = self._old.execute(
                f"SELECT {_UNFINISHED}, key FROM unfinished JOIN run ON run.id = run_id"  # noqa: S608
            )
            self._new.executemany(
                f"INSERT OR IGNORE INTO unfinished ({_UNFINISHED}, run_id)"  # noqa: S608
                f" VALUES (?, ?, ?, ?, ?, ?, {_RUN_OF})",
                open_ones.fetchall(),
            )
            self._new.execute(
                "DELETE FROM unfinished WHERE EXISTS (SELECT 1 FROM segment WHERE"
                " segment.run_id = unfinished.run_id AND segment.number = unfinished.number)"
            )
            for (newest,) in self._old.execute(
                "SELECT seq FROM sqlite_sequence WHERE name = 'run'"
            ):
                self._count_runs_from(newest)

    def drop_what_is_gone(self) -> None:
        """Delete from the new file what was deleted from the old one while it was copied."""
        count = "SELECT (SELECT count(*) FROM run), (SELECT count(*) FROM segment)"
        if self._old.execute(count).fetchone() == self._new.execute(count).fetchone():
            return
        names = "SELECT key, number FROM run LEFT JOIN segment ON segment.run_id = run.id"
        gone = set(self._new.execute(names)) - set(self._old.execute(names))
        runs = {key for (key,) in self._old.execute("SELECT key FROM run")}
        with transaction(self._new):
            self._new.executemany(
                f"DELETE FROM segment WHERE run_id = {_RUN_OF} AND number = ?;",  # noqa: S608
                list(gone),
            )
            self._new.executemany(
                "DELETE FROM run WHERE key = ?;", [(key,) for key, _ in gone if key not in runs]
            )

    def _copy_runs(self) -> None:
        runs = self._old.execute(f"SELECT {_RUN} FROM run ORDER BY id").fetchall()  # noqa: S608
        self._new.executemany(
            f"INSERT INTO run ({_RUN}) SELECT"  # noqa: S608
            " CASE WHEN EXISTS (SELECT 1 FROM run WHERE id = ?1) THEN NULL ELSE ?1 END,"
            " ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE NOT EXISTS (SELECT 1 FROM run WHERE key = ?2)",
            runs,
        )
        self._new.executemany(
            "UPDATE run SET ended_at = coalesce(?, ended_at), source = ?, engine = ?"
            " WHERE key = ?;",
            [(row[3], row[4], row[5], row[1]) for row in runs],
        )

    def _count_runs_from(self, newest: int) -> None:
        raised = self._new.execute(
            "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'run'", (newest,)
        )
        if not raised.rowcount:
            self._new.execute("INSERT INTO sqlite_sequence VALUES ('run', ?)", (newest,))
