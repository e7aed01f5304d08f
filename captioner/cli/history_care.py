"""``captioner history delete`` and ``check``: what is gone for good, and whether all is well."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from captioner.cli.history_lookup import (
    JsonOption,
    chosen_run,
    counted,
    history_path,
    print_json,
    size_text,
)
from captioner.cli.moments import HELP, moment
from captioner.core.errors import ConfigurationError
from captioner.transcript.history import looking
from captioner.transcript.history.converting import settle
from captioner.transcript.history.database import (
    file_size,
    history_errors,
    is_damaged,
    open_history,
)
from captioner.transcript.history.files import is_encrypted, is_there, kept_file
from captioner.transcript.history.recovery import Recovery, recover, what_is_damaged
from captioner.transcript.history.writing import delete_before, delete_runs, tidy


def delete(
    ctx: typer.Context,
    numbers: Annotated[
        list[str] | None,
        typer.Argument(help="Numbers of `history list`, or last.", show_default=False),
    ] = None,
    *,
    before: Annotated[
        str | None,
        typer.Option(metavar="MOMENT", help=f"What was said before: {HELP}", show_default=False),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete transcripts for good: nothing of them stays in the file.

    Examples:
    * captioner history delete 12 13
    * captioner history delete --before 4w --yes
    * captioner history delete --all
    """
    if (bool(numbers), before is not None, everything).count(True) != 1:
        raise ConfigurationError(
            "It is not clear what to delete.",
            hint="Give numbers of `captioner history list`, or --before MOMENT, or --all.",
        )
    limit = float("inf") if everything else moment(before)
    path = history_path(ctx)
    if not is_there(path):
        typer.echo("There are no transcripts.", err=True)
        return
    settle(path)
    with closing(open_history(path)) as connection, history_errors(path):
        chosen = [chosen_run(connection, each) for each in dict.fromkeys(numbers or [])]
        if limit is None:
            captions = sum(each.segments for each in chosen)
        else:
            captions = looking.count_before(connection, limit)
        if not yes:
            _ask(captions)
        with Console(stderr=True).status("Deleting"):
            if limit is None:
                delete_runs(connection, [each.number for each in chosen])
            else:
                delete_before(connection, limit)
            tidy(connection)
    typer.echo(f"Deleted: {counted(captions, 'caption')}.", err=True)


def check(ctx: typer.Context, *, as_json: JsonOption = False) -> None:
    """Check the file of the transcripts; what can be read of a damaged one goes into a new one.

    The damaged file stays beside it.

    Example:
    * captioner history check
    """
    path = history_path(ctx)
    if not is_there(path):
        if as_json:
            print_json({"path": str(path), "is_there": False})
        else:
            typer.echo(f"There are no transcripts; they would be in {path}.")
        return
    with Console(stderr=True).status("Checking"):
        settle(path)
        recovery = recover(path) if _is_damaged(path) else None
    with closing(open_history(path)) as connection, history_errors(path):
        runs, segments = looking.count(connection)
    if as_json:
        print_json(_record(path, runs, segments, recovery))
        return
    if recovery is not None:
        typer.echo(recovery.sentence)
    file = kept_file(path)
    kind = "encrypted" if is_encrypted(file) else "not encrypted"
    typer.echo(
        f"All is well: {counted(runs, 'transcript')} with {counted(segments, 'caption')}, "
        f"{size_text(file_size(path))} in {file}, {kind}."
    )


def _ask(captions: int) -> None:
    if not sys.stdin.isatty():
        raise ConfigurationError(
            "Nobody is there to be asked whether to delete.", hint="Add --yes to delete unasked."
        )
    typer.confirm(f"Delete {counted(captions, 'caption')} for good?", abort=True)


def _is_damaged(path: Path) -> bool:
    try:
        with closing(open_history(path)) as connection, history_errors(path):
            return bool(what_is_damaged(connection, thorough=True))
    except ConfigurationError as error:
        if is_damaged(error):
            return True
        raise


def _record(path: Path, runs: int, segments: int, recovery: Recovery | None) -> dict[str, object]:
    return {
        "path": str(kept_file(path)),
        "is_there": True,
        "is_encrypted": is_encrypted(kept_file(path)),
        "transcripts": runs,
        "captions": segments,
        "bytes": file_size(path),
        "was_damaged": recovery is not None,
        "set_aside": None if recovery is None else str(recovery.aside),
    }
