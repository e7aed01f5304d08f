"""What can be asked of the history."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final

from captioner.core.hypothesis import Word
from captioner.core.segment import Gap, Segment
from captioner.transcript.history.records import Found, KeptRun, KeptSegment, Run

_EVER: Final = float("inf")
_SEGMENT: Final = (
    "segment.number, segment.text, segment.start_ms, segment.end_ms, segment.channel,"
    " segment.confidence, segment.words, segment.promoted, segment.spoken_at"
)
# Looked up in the index of numbers: to look at all of a year's segments would take long.
_NEWEST: Final = "SELECT spoken_at FROM segment WHERE run_id = run.id ORDER BY number DESC LIMIT 20"
_TERM: Final = re.compile(r'"([^"]+)"|(\S+)')
_OPEN, _CLOSE = "\x02", "\x03"

# Scripts that write words side by side: the index has whole sentences as words there.
_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]"
)


class Words(StrEnum):
    """Which segments come with their words and the times of these, which take most of the time."""

    ALL = "segment.words"
    VOICES = (
        "iif(segment.words GLOB '*,[1-9]]*' OR segment.words GLOB '*,[1-9][0-9]]*',"
        " segment.words, '')"
    )
    NONE = "''"


def runs(
    connection: sqlite3.Connection, *, since: float = 0.0, until: float = _EVER
) -> list[KeptRun]:
    """Return the runs that lie between two moments, or in part, the newest first."""
    return _runs(connection, "run.started_at < ?", until, since=since)


def run_of(connection: sqlite3.Connection, number: int) -> KeptRun | None:
    """Return the run of this number; None where there is none."""
    return next(iter(_runs(connection, "run.id = ?", number)), None)


def segments(
    connection: sqlite3.Connection,
    run: int,
    *,
    since: float = 0.0,
    until: float = _EVER,
    words: Words = Words.ALL,
) -> Iterator[KeptSegment]:
    """Go through what was said in a run, in order, between two moments."""
    columns = _SEGMENT.replace(Words.ALL, words)
    rows = connection.execute(
        f"SELECT {columns} FROM segment"  # noqa: S608  # our own columns
        " WHERE run_id = ? AND spoken_at >= ? AND spoken_at < ? ORDER BY start_ms, number",
        (run, since, until),
    )
    return map(_spoken, rows)


def gaps(connection: sqlite3.Connection, run: int) -> list[Gap]:
    """Return the audio that a run lost."""
    rows = connection.execute(
        "SELECT start_ms, end_ms, reason, channel FROM gap WHERE run_id = ? ORDER BY start_ms",
        (run,),
    )
    return [Gap(*row) for row in rows]


def unfinished(connection: sqlite3.Connection, run: int) -> list[KeptSegment]:
    """Return what was being said when a run ended without an end, or is being said now."""
    rows = connection.execute(
        "SELECT number, text, start_ms, end_ms, channel, 0.0, '', 0, spoken_at FROM unfinished"
        " WHERE run_id = ? ORDER BY start_ms",
        (run,),
    )
    return [_spoken(row, is_final=False) for row in rows]


def count(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return how many runs and how many segments there are."""
    row = connection.execute(
        "SELECT (SELECT count(*) FROM run), (SELECT count(*) FROM segment)"
    ).fetchone()
    return row[0], row[1]


def count_before(connection: sqlite3.Connection, moment: float) -> int:
    """Return how many segments were said before ``moment``."""
    row = connection.execute("SELECT count(*) FROM segment WHERE spoken_at < ?;", (moment,))
    return int(row.fetchone()[0])


def search(
    connection: sqlite3.Connection,
    query: str,
    *,
    run: int | None = None,
    since: float = 0.0,
    until: float = _EVER,
    limit: int = 100,
) -> list[Found]:
    """Return the segments with all words of ``query``, the newest first.

    A word also finds those that begin with it; words in quotation marks are found side by side.
    Case and accents make no difference.
    """
    matched = _match(query)
    if matched is None:
        # Without words that the index could have: whole texts are looked through.
        source = "segment WHERE segment.text LIKE ? ESCAPE '\\'"
        marked = "segment.text"
        matched = "%" + re.sub(r"([\\%_])", r"\\\1", query.strip()) + "%"
    else:
        source = (
            "segment_words JOIN segment ON segment.id = segment_words.rowid"
            " WHERE segment_words MATCH ?"
        )
        marked = f"highlight(segment_words, 0, '{_OPEN}', '{_CLOSE}')"
    rows = connection.execute(
        f"SELECT {_SEGMENT}, segment.run_id, {marked} FROM {source}"  # noqa: S608  # our own names
        " AND segment.spoken_at >= ? AND segment.spoken_at < ? AND (? IS NULL OR run_id = ?)"
        f" ORDER BY {'segment_words.rowid' if 'JOIN' in source else 'segment.id'} DESC LIMIT ?;",
        (matched, since, until, run, run, limit),
    )
    return [
        Found(row[9], _spoken(row), _marks(row[10]) or _places(row[1], query.strip()))
        for row in rows
    ]


def _runs(
    connection: sqlite3.Connection, condition: str, value: float, *, since: float = 0.0
) -> list[KeptRun]:
    rows = connection.execute(  # our own condition
        "SELECT run.id, key, started_at, ended_at, source, engine, language, model,"  # noqa: S608
        " (SELECT count(*) FROM segment WHERE run_id = run.id),"
        f" max(started_at, coalesce((SELECT max(spoken_at) FROM ({_NEWEST})), 0)) AS last_at"
        f" FROM run WHERE {condition} AND last_at >= ? ORDER BY started_at DESC",
        (value, since),
    )
    return [KeptRun(row[0], Run(*row[1:8]), row[8], row[9]) for row in rows]


def _match(query: str) -> str | None:
    """Return ``query`` for the index, or None where it cannot answer."""
    if _UNSPACED.search(query):
        return None
    terms: list[str] = []
    for phrase, word in _TERM.findall(query):
        text = (phrase or word).replace('"', " ")
        if any(letter.isalnum() for letter in text):
            terms.append(f'"{text}"' + ("" if phrase else "*"))
    return " ".join(terms) or None


def _marks(marked: str) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    at = 0
    for piece in re.split(f"({_OPEN}[^{_CLOSE}]*{_CLOSE})", marked):
        length = len(piece)
        if piece.startswith(_OPEN):
            length -= 2
            found.append((at, at + length))
        at += length
    return tuple(found)


def _places(text: str, wanted: str) -> tuple[tuple[int, int], ...]:
    pattern = re.compile(re.escape(wanted), re.IGNORECASE)
    return tuple(match.span() for match in pattern.finditer(text)) if wanted else ()


def _spoken(row: tuple[Any, ...], *, is_final: bool = True) -> KeptSegment:
    number, text, start_ms, end_ms, channel, confidence, words, promoted, spoken_at = row[:9]
    segment = Segment(
        id=number,
        text=text,
        is_final=is_final,
        start_ms=start_ms,
        end_ms=end_ms,
        channel=channel,
        confidence=confidence,
        words=tuple(Word(*word) for word in json.loads(words)) if words else (),
        promoted=bool(promoted),
    )
    return KeptSegment(segment, spoken_at)
