"""What the commands of ``captioner history`` have in common."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import typer

from captioner.cli import moments
from captioner.cli.context import app_context
from captioner.cli.output import write_output
from captioner.core.errors import ConfigurationError
from captioner.core.segment import Gap
from captioner.settings.history import history_file
from captioner.transcript.contract import timestamp
from captioner.transcript.history import looking
from captioner.transcript.history.database import reading
from captioner.transcript.history.records import KeptRun, KeptSegment

LAST: Final = "last"

JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
SinceOption: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="MOMENT", help=f"Nothing earlier: {moments.HELP}", show_default=False),
]
UntilOption: TypeAlias = Annotated[
    str | None, typer.Option(metavar="MOMENT", help="Nothing later.", show_default=False)
]


def history_path(ctx: typer.Context) -> Path:
    """Return where the history of the profile is, or would be."""
    context = app_context(ctx)
    return history_file(context.load().settings.history, context.paths.data_dir)


@contextmanager
def looked_up(ctx: typer.Context) -> Iterator[sqlite3.Connection]:
    """Open the history to read; one that is not there is as an empty one.

    Raises:
        ConfigurationError: It cannot be read.
    """
    with reading(history_path(ctx)) as connection:
        yield connection


def chosen_run(connection: sqlite3.Connection, which: str) -> KeptRun:
    """Return the transcript that was asked for by number, or the newest.

    Raises:
        ConfigurationError: There is none.
    """
    if which == LAST:
        found = next(iter(looking.runs(connection)), None)
        if found is None:
            raise ConfigurationError(
                "There are no transcripts yet.",
                hint="They are kept while captions run, unless the history is switched off.",
            )
        return found
    run = looking.run_of(connection, int(which)) if which.isdecimal() else None
    if run is None:
        raise ConfigurationError(
            f"There is no transcript {which}.",
            hint="`captioner history list` shows the numbers of all.",
        )
    return run


def print_json(record: object) -> None:
    """Print ``record`` for programs."""
    write_output(json.dumps(record, ensure_ascii=False, indent=2) + "\n")


def run_record(found: KeptRun) -> dict[str, Any]:
    """Return a transcript's facts for programs."""
    run = found.run
    return {
        "number": found.number,
        "started_at": utc(run.started_at),
        "ended_at": None if run.ended_at is None else utc(run.ended_at),
        "source": run.source,
        "engine": run.engine,
        "language": run.language,
        "model": run.model,
        "captions": found.segments,
    }


def segment_record(kept: KeptSegment) -> dict[str, Any]:
    """Return a caption for programs."""
    segment = kept.segment
    return {
        "segment_id": segment.id,
        "spoken_at": utc(kept.spoken_at),
        "start": segment.start_ms,
        "end": segment.end_ms,
        "channel": segment.channel,
        "text": segment.text,
        "confidence": segment.confidence,
    }


def gap_record(gap: Gap) -> dict[str, Any]:
    """Return lost audio for programs."""
    return {
        "start": gap.start_ms,
        "end": gap.end_ms,
        "channel": gap.channel,
        "reason": gap.reason,
    }


def utc(at: float) -> str:
    """Return a moment in ISO 8601."""
    return timestamp(moments.as_datetime(at))


def counted(number: int, noun: str) -> str:
    """Return how many there are, as in "1 caption" and "2 captions"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def size_text(size: int) -> str:
    """Return a number of bytes as people read it."""
    amount, unit = float(size), "bytes"
    for unit in ("bytes", "kB", "MB", "GB"):  # noqa: B007  # the last one that fits
        if amount < 1000:  # noqa: PLR2004  # as the units have it
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
