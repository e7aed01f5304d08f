"""``captioner history export``: transcripts as files."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from captioner.cli.history_lookup import SinceOption, UntilOption, chosen_run, looked_up
from captioner.cli.moments import as_datetime, local_time, moment
from captioner.cli.output import write_output
from captioner.core.errors import ConfigurationError
from captioner.settings.file import write_atomically
from captioner.transcript.export import TranscriptFormat
from captioner.transcript.export import export as exported
from captioner.transcript.history import looking
from captioner.transcript.history.records import KeptRun


def export(
    ctx: typer.Context,
    numbers: Annotated[
        list[str] | None,
        typer.Argument(
            help="Numbers of `history list`, or last; without any: all of the time asked for.",
            show_default=False,
        ),
    ] = None,
    *,
    form: Annotated[
        TranscriptFormat | None,
        typer.Option(
            "--format",
            "-f",
            help="What to write; by default what the ending of --output says, or text.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write one transcript into this file.", dir_okay=False),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--output-dir", help="Write a file for each into this folder."),
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    times: Annotated[
        bool, typer.Option("--times", help="Tell in text, too, when each caption was said.")
    ] = False,
) -> None:
    """Write transcripts as text, Markdown, a table, JSON or subtitles.

    Without --output and --output-dir one transcript goes to standard output.

    Examples:
    * captioner history export last
    * captioner history export 12 --output talk.srt
    * captioner history export --since 7d --format md --output-dir week
    """
    form = form or _format_of(output)
    bounds = (moment(since) or 0.0, moment(until, is_end=True) or float("inf"))
    with looked_up(ctx) as connection:
        if numbers:
            found = [chosen_run(connection, each) for each in dict.fromkeys(numbers)]
        elif since or until or folder:
            found = looking.runs(connection, since=bounds[0], until=bounds[1])
        else:
            found = [chosen_run(connection, "last")]
        if folder is not None:
            _write_all(connection, found, form, folder, bounds, times=times)
            return
        if len(found) != 1:
            raise ConfigurationError(
                f"{len(found)} transcripts were asked for, and one place to write to.",
                hint="Write a file for each with --output-dir FOLDER, or name one transcript.",
            )
        text = _text(connection, found[0], form, bounds, times=times)
    if output is None:
        write_output(text)
    else:
        _write(output, text)


def _format_of(output: Path | None) -> TranscriptFormat:
    ending = "" if output is None else output.suffix.removeprefix(".").lower()
    try:
        return TranscriptFormat(ending or TranscriptFormat.TXT)
    except ValueError:
        raise ConfigurationError(
            f'There is no format for the ending ".{ending}".',
            hint=f"Use one of {', '.join(each.value for each in TranscriptFormat)}, or --format.",
        ) from None


def _text(
    connection: sqlite3.Connection,
    run: KeptRun,
    form: TranscriptFormat,
    bounds: tuple[float, float],
    *,
    times: bool,
) -> str:
    said = list(looking.segments(connection, run.number, since=bounds[0], until=bounds[1]))
    if not said:
        return exported([], form)
    first = said[0]
    begun = as_datetime(first.spoken_at - first.segment.start_ms / 1000)
    inside = (first.segment.start_ms, max(each.segment.end_ms for each in said))
    lost = looking.gaps(connection, run.number)
    if bounds != (0.0, float("inf")):
        lost = [gap for gap in lost if inside[0] <= gap.start_ms <= inside[1]]
    return exported([*(each.segment for each in said), *lost], form, times=times, begun=begun)


def _write_all(
    connection: sqlite3.Connection,
    found: list[KeptRun],
    form: TranscriptFormat,
    folder: Path,
    bounds: tuple[float, float],
    *,
    times: bool,
) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {folder} cannot be made: {error.strerror}.",
            hint="Choose a folder that you may write to.",
        ) from error
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        for run in progress.track(found, description="Exporting"):
            began = local_time(run.run.started_at, "%Y-%m-%d-%H%M")
            target = folder / f"captions-{began}-{run.number}.{form.value}"
            _write(target, _text(connection, run, form, bounds, times=times))
    console.print(f"{len(found)} transcripts are in {folder}.")


def _write(path: Path, text: str) -> None:
    try:
        write_atomically(path, text)
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written: {error.strerror}.",
            hint="Choose another place, or make room on the disk.",
        ) from error
