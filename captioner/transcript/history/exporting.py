"""Runs of the history as a text in one of the formats."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from captioner.core.segment import Segment
from captioner.transcript.export import Spoken, TranscriptFormat, export
from captioner.transcript.history.looking import Words, gaps, segments
from captioner.transcript.history.records import KeptRun

EVER: Final = (0.0, float("inf"))
_WITHOUT_WORDS: Final = (TranscriptFormat.TXT, TranscriptFormat.MD, TranscriptFormat.CSV)


def exported(
    connection: sqlite3.Connection,
    runs: Sequence[KeptRun],
    form: TranscriptFormat,
    *,
    between: tuple[float, float] = EVER,
    times: bool | None = None,
    speakers: bool = True,
) -> str:
    """Return what was said in ``runs`` between two moments, in the order in which it was said.

    What was unfinished is left out. Times are local; those of subtitles count from the beginning
    of the first run, or from the first moment where that is later.
    """
    words = Words.VOICES if form in _WITHOUT_WORDS else Words.ALL
    spoken: list[Spoken] = []
    begun_at: float | None = None
    for run in sorted(runs, key=lambda each: each.run.started_at):
        said = list(
            segments(connection, run.number, since=between[0], until=between[1], words=words)
        )
        run_at = said[0].spoken_at - said[0].segment.start_ms / 1000 if said else run.run.started_at
        if begun_at is None:
            begun_at = max(run_at, between[0])
        later_ms = round(1000 * (run_at - begun_at))
        spoken += (_later(each.segment, later_ms) for each in said)
        spoken += (
            _later(gap, later_ms)
            for gap in gaps(connection, run.number)
            if between[0] <= run_at + gap.start_ms / 1000 < between[1]
        )
    if len(runs) > 1:
        spoken = _numbered(spoken)
    return export(
        spoken,
        form,
        times=times,
        speakers=speakers,
        begun=datetime.fromtimestamp(begun_at or 0.0, tz=UTC).astimezone(),
    )


def _later(spoken: Spoken, ms: int) -> Spoken:
    if ms == 0:
        return spoken
    start_ms, end_ms = max(0, spoken.start_ms + ms), max(0, spoken.end_ms + ms)
    if not isinstance(spoken, Segment):
        return replace(spoken, start_ms=start_ms, end_ms=end_ms)
    words = tuple(
        replace(word, start_ms=max(0, word.start_ms + ms), end_ms=max(0, word.end_ms + ms))
        for word in spoken.words
    )
    return replace(spoken, start_ms=start_ms, end_ms=end_ms, words=words)


def _numbered(spoken: list[Spoken]) -> list[Spoken]:
    """Number the segments of several runs anew: each run counted its own."""
    ordered = sorted(spoken, key=lambda each: each.start_ms)
    return [
        replace(each, id=number) if isinstance(each, Segment) else each
        for number, each in enumerate(ordered)
    ]
