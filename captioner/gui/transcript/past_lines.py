"""What the window of past transcripts shows, out of the history; all of it blocks."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale

from captioner.core.errors import ConfigurationError
from captioner.core.segment import Gap
from captioner.gui.text.sentences import said
from captioner.sinks.history_files import write_transcript
from captioner.transcript.export import TranscriptFormat
from captioner.transcript.history import looking
from captioner.transcript.history.database import history_errors, open_history, reading
from captioner.transcript.history.exporting import exported
from captioner.transcript.history.records import KeptSegment
from captioner.transcript.history.writing import delete_runs, tidy
from captioner.transcript.record import Entry, EntryKind

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


def lines(path: Path, choice: Choice) -> tuple[list[Entry], int]:
    """Return the lines of a transcript, and the serial of the one to go to."""
    with reading(path) as connection:
        kept = [
            *looking.segments(connection, choice.run, words=looking.Words.NONE),
            *looking.unfinished(connection, choice.run),
        ]
        lost = looking.gaps(connection, choice.run)
    began = kept[0].spoken_at - kept[0].segment.start_ms / 1000 if kept else 0.0
    found: list[KeptSegment | Gap] = sorted([*kept, *lost], key=_start_ms)
    entries = [_entry(serial, each, began) for serial, each in enumerate(found)]
    wanted = (
        serial
        for serial, each in enumerate(found)
        if isinstance(each, KeptSegment) and each.segment.id == choice.segment
    )
    return entries, next(wanted, 0)


@dataclass(frozen=True)
class KeptContent:
    """A transcript of the history, to be saved; see `Content`."""

    path: Path
    run: int | None

    @property
    def is_empty(self) -> bool:
        """Whether there is none."""
        return self.run is None

    def write(self, form: TranscriptFormat, path: Path) -> None:
        """Write it to a file; blocks.

        Raises:
            ConfigurationError: It cannot be read or written; what was there is there still.
        """
        with reading(self.path) as connection:
            run = looking.run_of(connection, self.run or 0)
            if run is None:
                translate = QCoreApplication.translate
                raise ConfigurationError(
                    translate("PastWindow", "This transcript has been deleted meanwhile.")
                )
            text = exported(connection, [run], form, times=True)
        write_transcript(path, text)


def delete_run(path: Path, run: int) -> None:
    """Delete a transcript, so that nothing is left of it."""
    with history_errors(path), closing(open_history(path)) as connection:
        delete_runs(connection, [run])
        tidy(connection)


def _start_ms(each: KeptSegment | Gap) -> int:
    return each.start_ms if isinstance(each, Gap) else each.segment.start_ms


def _entry(serial: int, each: KeptSegment | Gap, began: float) -> Entry:
    if isinstance(each, Gap):
        at = began + each.start_ms / 1000
        place = (each.channel, each.start_ms, each.end_ms)
        return Entry(serial, EntryKind.GAP, at, each.reason, *place)
    segment = each.segment
    return Entry(
        serial=serial,
        kind=EntryKind.FINAL if segment.is_final else EntryKind.PARTIAL,
        at=each.spoken_at,
        text=segment.text,
        channel=segment.channel,
        start_ms=segment.start_ms,
        end_ms=segment.end_ms,
        confidence=segment.confidence,
    )


def _line(kept: KeptSegment) -> str:
    segment = kept.segment
    return f"{said(segment.channel)}: {segment.text}" if segment.channel else segment.text


def _moment(at: float) -> str:
    moment = QDateTime.fromSecsSinceEpoch(int(at))
    date = QLocale().toString(moment.date(), QLocale.FormatType.ShortFormat)
    return f"{date} {moment.toString('HH:mm')}"
