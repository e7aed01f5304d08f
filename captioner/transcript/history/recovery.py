"""A damaged history: found, set aside, and what can be read of it taken over into a new one."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from captioner.core.errors import CaptionerError, ConfigurationError
from captioner.transcript.history.database import (
    history_errors,
    is_damaged,
    open_file,
    open_history,
)
from captioner.transcript.history.files import alone, kept_file, key_of, set_aside
from captioner.transcript.history.keys import KEY_LOST
from captioner.transcript.history.schema import transaction
from captioner.transcript.history.sqlite import both, connect

logger = logging.getLogger(__name__)

_TABLES: Final = ("run", "segment", "gap", "unfinished")


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
    except both(sqlite3.DatabaseError) as error:
        return str(error)
    return "" if found == "ok" else str(found)


def recover(path: Path) -> Recovery | None:
    """Set the damaged history aside and begin a new one with what can be read of it.

    Returns:
        What came of it; None where another process sees to it, or has.

    Raises:
        ConfigurationError: The new file cannot be written.
    """
    with history_errors(path), alone(path) as is_held:
        if not is_held or _is_sound(path):  # another process sees to it, or has since
            return None
        file = kept_file(path)
        aside = set_aside(file, "damaged")
        segments = _take_over(aside, file)
    logger.info("A damaged history was set aside; %d segments were read from it", segments)
    return Recovery(aside, segments)


def put_away(path: Path) -> Path | None:
    """Set an encrypted history aside, untouched, of which the key is lost; return where it is now.

    None where another process sees to it, or has.

    Raises:
        ConfigurationError: The folder cannot be written to.
    """
    with history_errors(path), alone(path) as is_held:
        if not is_held:
            return None
        try:
            open_history(path).close()
        except ConfigurationError as error:
            if error.code == KEY_LOST:
                return set_aside(kept_file(path), "without-key")
            raise
    return None


def _is_sound(path: Path) -> bool:
    try:
        connection = open_history(path)
    except CaptionerError as error:
        return not is_damaged(error)
    try:
        return not what_is_damaged(connection, thorough=True)
    finally:
        connection.close()


def _take_over(aside: Path, file: Path) -> int:
    connection = open_file(file)
    try:
        with transaction(connection):
            for table in _TABLES:
                columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
                marks = ", ".join("?" * len(columns))
                for row in _readable(aside, table, columns):
                    # A row may have come back without what it belongs to, or torn.
                    with suppress(*both(sqlite3.IntegrityError)):
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
            source = connect(aside, key=key_of(aside), wait_s=0.0)
        except both(sqlite3.Error):
            return
        try:
            source.execute("PRAGMA cell_size_check = ON")
            yield from source.execute(
                f"SELECT {', '.join(columns)} FROM {table} ORDER BY {key} {order};"  # noqa: S608
            )
        except both(sqlite3.DatabaseError):
            continue
        finally:
            source.close()
        return
