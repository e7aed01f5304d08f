"""What changes the history: keeping, and deleting so that nothing is left."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import astuple

from captioner.transcript.history.records import Batch, KeptSegment, Run
from captioner.transcript.history.schema import transaction


def keep(connection: sqlite3.Connection, batch: Batch) -> None:
    """Write ``batch``. What must last is on the disk when this returns."""
    connection.execute(f"PRAGMA synchronous = {'FULL' if batch.must_last else 'NORMAL'};")
    with transaction(connection):
        numbers = {key: _number_of(connection, run) for key, run in batch.runs.items()}
        for key, spoken in batch.finals:
            _keep_final(connection, numbers[key], spoken)
        for key, gap in batch.gaps:
            connection.execute(
                "INSERT OR IGNORE INTO gap (run_id, channel, start_ms, end_ms, reason)"
                " VALUES (?, ?, ?, ?, ?)",
                (numbers[key], gap.channel, gap.start_ms, gap.end_ms, gap.reason),
            )
        for (key, channel), open_one in batch.unfinished.items():
            _keep_unfinished(connection, numbers[key], channel, open_one)


def delete_runs(connection: sqlite3.Connection, numbers: list[int]) -> int:
    """Delete whole runs; return how many there were. `tidy` afterwards."""
    with transaction(connection):
        return sum(
            connection.execute("DELETE FROM run WHERE id = ?;", (number,)).rowcount
            for number in numbers
        )


def delete_before(connection: sqlite3.Connection, moment: float) -> int:
    """Delete what was said before ``moment``; return how many segments went.

    A run goes with its last segment, unless it began since.
    """
    with transaction(connection):
        gone = connection.execute("DELETE FROM segment WHERE spoken_at < ?;", (moment,)).rowcount
        connection.execute("DELETE FROM unfinished WHERE spoken_at < ?;", (moment,))
        connection.execute(
            "DELETE FROM run WHERE started_at < ?"
            " AND NOT EXISTS (SELECT 1 FROM segment WHERE run_id = run.id)"
            " AND NOT EXISTS (SELECT 1 FROM unfinished WHERE run_id = run.id)",
            (moment,),
        )
    return gone


def tidy(connection: sqlite3.Connection) -> None:
    """Let nothing of what was deleted stay in the file, in its index, or beside it."""
    # The index marks words as deleted; only putting it together anew takes them out.
    connection.execute("INSERT INTO segment_words (segment_words) VALUES ('rebuild')")
    connection.execute("INSERT INTO segment_words (segment_words) VALUES ('optimize')")
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _number_of(connection: sqlite3.Connection, run: Run) -> int:
    row = connection.execute(
        "INSERT INTO run (key, started_at, ended_at, source, engine, language, model)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (key) DO UPDATE SET ended_at = excluded.ended_at,"
        " source = excluded.source, engine = excluded.engine"
        " RETURNING id",
        astuple(run),
    ).fetchone()
    return int(row[0])


def _keep_final(connection: sqlite3.Connection, run: int, spoken: KeptSegment) -> None:
    segment = spoken.segment
    words = [(w.text, w.start_ms, w.end_ms, w.confidence, w.speaker) for w in segment.words]
    connection.execute(
        "INSERT OR IGNORE INTO segment (run_id, number, channel, spoken_at, start_ms, end_ms,"
        " text, confidence, promoted, words) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            run,
            segment.id,
            segment.channel,
            spoken.spoken_at,
            segment.start_ms,
            segment.end_ms,
            segment.text,
            segment.confidence,
            segment.promoted,
            json.dumps(words, ensure_ascii=False, separators=(",", ":")) if words else "",
        ),
    )


def _keep_unfinished(
    connection: sqlite3.Connection, run: int, channel: str, spoken: KeptSegment | None
) -> None:
    if spoken is None:
        connection.execute(
            "DELETE FROM unfinished WHERE run_id = ? AND channel = ?;", (run, channel)
        )
        return
    segment = spoken.segment
    connection.execute(
        "INSERT OR REPLACE INTO unfinished"
        " (run_id, channel, number, spoken_at, start_ms, end_ms, text)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            run,
            channel,
            segment.id,
            spoken.spoken_at,
            segment.start_ms,
            segment.end_ms,
            segment.text,
        ),
    )
