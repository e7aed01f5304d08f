"""A run of the history as a text in one of the formats."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import Final

from captioner.transcript.export import TranscriptFormat, export
from captioner.transcript.history.looking import gaps, segments
from captioner.transcript.history.records import KeptRun

EVER: Final = (0.0, float("inf"))


def exported(
    connection: sqlite3.Connection,
    run: KeptRun,
    form: TranscriptFormat,
    *,
    between: tuple[float, float] = EVER,
    times: bool = False,
) -> str:
    """Return what was said in a run between two moments, in the order in which it was said.

    What was unfinished is left out. Times are local.
    """
    said = list(segments(connection, run.number, since=between[0], until=between[1]))
    lost = gaps(connection, run.number)
    if between != EVER:
        begin = min((each.segment.start_ms for each in said), default=0)
        end = max((each.segment.end_ms for each in said), default=0)
        lost = [gap for gap in lost if begin <= gap.start_ms <= end]
    began_at = run.run.started_at
    if said:
        began_at = said[0].spoken_at - said[0].segment.start_ms / 1000
    return export(
        [*(each.segment for each in said), *lost],
        form,
        times=times,
        begun=datetime.fromtimestamp(began_at, tz=UTC).astimezone(),
    )
