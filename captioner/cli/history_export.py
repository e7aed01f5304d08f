"""``captioner history export``: transcripts as files."""

from __future__ import annotations

import sys
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
from captioner.sinks.history_files import transcript_name, write_transcript, write_transcripts
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
        typer.Option("--output", "-o", help="Write into this file.", dir_okay=False),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--output-dir", help="Write a file for each into this folder."),
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    times: Annotated[
        bool | None,
        typer.Option(
            "--times/--no-times",
            help="Whether text and Markdown tell when each caption was said; by default only "
            "Markdown does.",
            show_default=False,
        ),
    ] = None,
    speakers: Annotated[
        bool, typer.Option("--speakers/--no-speakers", help="Whether it says who spoke.")
    ] = True,
    yes: Annotated[
        bool, typer.Option("--yes", help="Replace files that are there already.")
    ] = False,
) -> None:
    """Write transcripts as text, Markdown, a table, JSON or subtitles.

    Several of them, or a time with several, become one file, or with --output-dir a file for each.
    Without both, it goes to standard output. Times of subtitles count from the beginning of the
    first transcript, or from --since where that is later.

    Examples:
    * captioner history export last
    * captioner history export 12 --output talk.srt
    * captioner history export --since 2026-11-25T09:00 --until 2026-11-25T17:00 --times
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
        if not found:
            raise ConfigurationError(
                "There are no transcripts of that time.",
                hint="`captioner history list` shows all that there are.",
            )
        if folder is not None:
            _ask_to_replace([folder / transcript_name(run, form) for run in found], is_sure=yes)
            files = write_transcripts(
                connection, found, form, folder, between=between, times=times, speakers=speakers
            )
            _show_progress(files, len(found), folder)
            return
        text = exported(connection, found, form, between=between, times=times, speakers=speakers)
    if output is None:
        write_output(text)
    else:
        _ask_to_replace([output], is_sure=yes)
        write_transcript(output, text)


def _ask_to_replace(targets: list[Path], *, is_sure: bool) -> None:
    there = [target for target in targets if target.exists()]
    if strange := next((target for target in there if not target.is_file()), None):
        raise ConfigurationError(
            f"{strange} is no file.", hint="Without --output it goes to standard output."
        )
    if is_sure or not there:
        return
    what = (
        str(there[0]) if len(there) == 1 else f"{counted(len(there), 'file')} in {there[0].parent}"
    )
    if not sys.stdin.isatty():
        verb = "is" if len(there) == 1 else "are"
        raise ConfigurationError(
            f"{what} {verb} there already.", hint="Choose another name, or add --yes to replace."
        )
    typer.confirm(f"Replace {what}?", abort=True)


def _show_progress(files: Iterator[Path], whole: int, folder: Path) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        for _ in progress.track(files, total=whole, description="Exporting"):
            pass
    console.print(f"Written to {folder}: {counted(whole, 'transcript')}.")
