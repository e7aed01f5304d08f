"""``captioner history export``: transcripts as files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from captioner.cli.history_lookup import (
    LAST,
    SinceOption,
    UntilOption,
    chosen_run,
    counted,
    looked_up,
)
from captioner.cli.moments import moment
from captioner.cli.output import write_output
from captioner.core.errors import ConfigurationError
from captioner.sinks.export_file import format_of
from captioner.sinks.history_files import write_transcript, write_transcripts
from captioner.transcript.export import TranscriptFormat
from captioner.transcript.history import looking
from captioner.transcript.history.exporting import EVER, exported


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
    if form is None:
        form = TranscriptFormat.TXT if output is None else format_of(output)
    between = (moment(since) or EVER[0], moment(until, is_end=True) or EVER[1])
    with looked_up(ctx) as connection:
        if numbers:
            found = [chosen_run(connection, each) for each in dict.fromkeys(numbers)]
        elif since or until or folder:
            found = looking.runs(connection, since=between[0], until=between[1])
        else:
            found = [chosen_run(connection, LAST)]
        if folder is not None:
            files = write_transcripts(connection, found, form, folder, between=between, times=times)
            _show_progress(files, len(found), folder)
            return
        if len(found) != 1:
            raise ConfigurationError(
                f"{len(found)} transcripts were asked for, and one place to write to.",
                hint="Write a file for each with --output-dir FOLDER, or name one transcript.",
            )
        text = exported(connection, found[0], form, between=between, times=times)
    if output is None:
        write_output(text)
    else:
        write_transcript(output, text)


def _show_progress(files: Iterator[Path], whole: int, folder: Path) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        for _ in progress.track(files, total=whole, description="Exporting"):
            pass
    console.print(f"Written to {folder}: {counted(whole, 'transcript')}.")
