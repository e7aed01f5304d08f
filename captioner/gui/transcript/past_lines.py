"""What the window of past transcripts shows, out of the history; all of it blocks."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QDateTime, QLocale

from captioner.gui.text.sentences import said
from captioner.transcript.history import looking
from captioner.transcript.history.database import history_errors, open_history, reading
from captioner.transcript.history.records import KeptSegment
from captioner.transcript.history.writing import delete_runs, tidy
from captioner.transcript.record import Entry, EntryKind, packed_times

MOST_FOUND: Final = 200


@dataclass(frozen=True)
class Choice:
    """A line of the list.

    Attributes:
        run: Number of the transcript.
        title: The line.
        segment: The caption to go to, as in `Segment.id`; None for the whole.
    """

    run: int
    title: str
    segment: int | None = None


def choices(path: Path, words: str) -> list[Choice]:
    """Return all transcripts, or where ``words`` are found, the newest first."""
    with reading(path) as connection:
        if not words.strip():
            return [
                Choice(each.number, f"{_moment(each.run.started_at)}  {each.run.source}")
                for each in looking.runs(connection)
            ]
        found = looking.search(connection, words, limit=MOST_FOUND)
    return [
        Choice(
            each.run,
            f"{_moment(each.kept.spoken_at)}  {_line(each.kept)}",
            each.kept.segment.id,
        )
        for each in found
    ]


def lines(path: Path, run: int) -> list[tuple[int | None, Entry]]:
    """Return the lines of a transcript, each with the caption that it is, if it is one."""
    with reading(path) as connection:
        found = [
            *((each.segment.id, _entry(each)) for each in looking.segments(connection, run)),
            *((None, _entry(each)) for each in looking.unfinished(connection, run)),
        ]
        begin = found[0][1] if found else Entry(0, EntryKind.START, 0.0)
        for gap in looking.gaps(connection, run):
            at = begin.at + (gap.start_ms - begin.start_ms) / 1000
            place = (gap.channel, gap.start_ms, gap.end_ms)
            found.append((None, Entry(0, EntryKind.GAP, at, gap.reason, *place)))
    found.sort(key=lambda line: line[1].start_ms)
    return found


def delete_run(path: Path, run: int) -> None:
    """Delete a transcript, so that nothing is left of it."""
    with history_errors(path), closing(open_history(path)) as connection:
        delete_runs(connection, [run])
        tidy(connection)


def _entry(kept: KeptSegment) -> Entry:
    segment = kept.segment
    return Entry(
        serial=0,
        kind=EntryKind.FINAL if segment.is_final else EntryKind.PARTIAL,
        at=kept.spoken_at,
        text=segment.text,
        channel=segment.channel,
        start_ms=segment.start_ms,
        end_ms=segment.end_ms,
        confidence=segment.confidence,
        timing=packed_times(segment, 0),
    )


def _line(kept: KeptSegment) -> str:
    segment = kept.segment
    return f"{said(segment.channel)}: {segment.text}" if segment.channel else segment.text


def _moment(at: float) -> str:
    moment = QDateTime.fromSecsSinceEpoch(int(at))
    date = QLocale().toString(moment.date(), QLocale.FormatType.ShortFormat)
    return f"{date} {moment.toString('HH:mm')}"
