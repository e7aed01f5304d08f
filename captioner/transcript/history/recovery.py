"""A damaged history: found, set aside, and what can be read of it taken over into a new one."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from captioner.core.errors import CaptionerError
from captioner.core.process_lock import ProcessLock
from captioner.transcript.history.database import history_errors, is_damaged, open_history
from captioner.transcript.history.schema import transaction

logger = logging.getLogger(__name__)

_TABLES: Final = ("run", "segment", "gap", "unfinished")
_COMPANIONS: Final = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Recovery:
    """What came of a damaged history.

    Attributes:
        aside: Where it is now.
        segments: How many finished segments the new one has of it.
    """

    aside: Path
    segments: int

    @property
    def sentence(self) -> str:
        """What the user is told."""
        return (
            f"The file of the transcripts was damaged and was set aside as {self.aside.name}. "
            f"{self.segments} captions could be read from it and are kept."
        )


def what_is_damaged(connection: sqlite3.Connection, *, thorough: bool = False) -> str:
    """Return what SQLite finds wrong with the file; empty where all is well.

    Args:
        connection: The history.
        thorough: Whether the indexes are compared with what they index, which takes longer.
    """
    try:
        check = "integrity_check" if thorough else "quick_check"
        found = connection.execute(f"PRAGMA {check}(1)").fetchone()[0]
        if thorough:
            connection.execute(
                "INSERT INTO segment_words (segment_words, rank) VALUES ('integrity-check', 1)"
            )
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if found == "ok" else str(found)


def recover(path: Path) -> Recovery | None:
    """Set the damaged history aside and begin a new one with what can be read of it.

    Returns:
        What came of it; None where another process sees to it, or has.

    Raises:
        ConfigurationError: The new file cannot be written.
    """
    lock = ProcessLock(path.with_name(f"{path.name}.lock"))
    with history_errors(path):
        if not lock.take():
            return None
        try:
            if _is_sound(path):  # another process has seen to it since
                return None
            aside = _set_aside(path)
            segments = _take_over(aside, path)
        finally:
            lock.release()
    logger.info("A damaged history was set aside; %d segments were read from it", segments)
    return Recovery(aside, segments)


def _is_sound(path: Path) -> bool:
    try:
        connection = open_history(path)
    except CaptionerError as error:
        return not is_damaged(error)
    try:
        return not what_is_damaged(connection, thorough=True)
    finally:
        connection.close()


def _set_aside(path: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{stamp}-{number}")
    # What SQLite keeps beside the file belongs to it: its newest pages.
    for suffix in _COMPANIONS:
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    path.rename(aside)
    return aside


def _take_over(aside: Path, path: Path) -> int:
    connection = open_history(path)
    try:
        with transaction(connection):
            for table in _TABLES:
                columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
                marks = ", ".join("?" * len(columns))
                for row in _readable(aside, table, columns):
                    # A row may have come back without what it belongs to, or torn.
                    with suppress(sqlite3.IntegrityError):
                        connection.execute(
                            f"INSERT OR IGNORE INTO {table} VALUES ({marks})",  # noqa: S608
                            row,
                        )
        return int(connection.execute("SELECT count(*) FROM segment").fetchone()[0])
    finally:
        connection.close()


def _readable(aside: Path, table: str, columns: list[str]) -> Iterator[tuple[Any, ...]]:
    """Go through the rows from the front until it breaks, then from the back."""
    key = columns[0]
    for order in ("ASC", "DESC"):
        try:
            source = sqlite3.connect(aside, isolation_level=None)
        except sqlite3.Error:
            return
        try:
            source.execute("PRAGMA cell_size_check = ON")
            yield from source.execute(
                f"SELECT {', '.join(columns)} FROM {table} ORDER BY {key} {order};"  # noqa: S608
            )
        except sqlite3.DatabaseError:
            continue
        finally:
            source.close()
        return
