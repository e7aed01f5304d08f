"""``captioner history``: what was captioned before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from captioner.cli.history_care import check, delete
from captioner.cli.history_encryption import decrypt, encrypt
from captioner.cli.history_export import export
from captioner.cli.history_lookup import (
    LAST,
    JsonOption,
    SinceOption,
    UntilOption,
    chosen_run,
    gap_record,
    looked_up,
    print_json,
    run_record,
    segment_record,
)
from captioner.cli.moments import local_time, moment
from captioner.core.segment import Gap
from captioner.transcript.history import looking
from captioner.transcript.history.exporting import EVER
from captioner.transcript.history.records import Found, KeptRun, KeptSegment

app = typer.Typer(
    name="history",
    add_completion=False,
    rich_markup_mode="rich",
    no_args_is_help=True,
    help="""Find, show, export and delete what was captioned before.

    Whether, where and for how long transcripts are kept is said by the settings history.is_kept,
    history.folder and history.keep_days.

    Examples:
    * captioner history list --since yesterday
    * captioner history show last
    * captioner history search "power station" --since 7d
    * captioner history export last --format srt --output talk.srt
    * captioner history delete --before 4w
    """,
)


@app.command("list")
def list_(
    ctx: typer.Context,
    *,
    since: SinceOption = None,
    until: UntilOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the transcripts, the newest first.

    Examples:
    * captioner history list
    * captioner history list --since 7d --json
    """
    with looked_up(ctx) as connection:
        found = looking.runs(
            connection, since=moment(since) or EVER[0], until=moment(until, is_end=True) or EVER[1]
        )
    if as_json:
        print_json([run_record(each) for each in found])
    elif found:
        Console().print(_table(found))
    else:
        _note("There are no transcripts." if since or until else "There are no transcripts yet.")


@app.command("show")
def show(
    ctx: typer.Context,
    which: Annotated[str, typer.Argument(help="A number of `history list`, or last.")] = LAST,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show one transcript, with local times.

    Examples:
    * captioner history show
    * captioner history show 12
    """
    with looked_up(ctx) as connection:
        run = chosen_run(connection, which)
        said = list(looking.segments(connection, run.number))
        lost = looking.gaps(connection, run.number)
        open_ones = looking.unfinished(connection, run.number)
    if as_json:
        record = run_record(run)
        record["segments"] = [segment_record(each) for each in said]
        record["gaps"] = [gap_record(each) for each in lost]
        record["unfinished"] = [segment_record(each) for each in open_ones]
        print_json(record)
        return
    console = Console(highlight=False)
    console.print(Text(_title(run), style="bold"))
    for line in _lines(run, said, lost, open_ones):
        console.print(line, soft_wrap=True)


@app.command("search")
def search(
    ctx: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(
            help='Words, or their beginnings; "several words" in quotation marks stand together.',
            show_default=False,
        ),
    ],
    *,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Find captions that have all of the words, the newest first.

    Case and accents make no difference.

    Examples:
    * captioner history search budget
    * captioner history search "power station" --since 2026-11-01 --until 2026-11-30
    * captioner history search budg --json
    """
    # What the shell hands over as one argument was in quotation marks.
    query = " ".join(f'"{each}"' if " " in each and '"' not in each else each for each in words)
    with looked_up(ctx) as connection:
        found = looking.search(
            connection,
            query,
            since=moment(since) or EVER[0],
            until=moment(until, is_end=True) or EVER[1],
            limit=limit,
        )
    if as_json:
        print_json(
            [
                {"transcript": each.run, **segment_record(each.kept), "marks": each.marks}
                for each in found
            ]
        )
        return
    console = Console(highlight=False)
    for each in found:
        console.print(_hit(each), soft_wrap=True)
    if not found:
        _note("Nothing was found.")
    elif len(found) == limit:
        _note(f"These are the newest {limit}; --limit shows more.")


app.command("export")(export)
app.command("delete")(delete)
app.command("check")(check)
app.command("encrypt")(encrypt)
app.command("decrypt")(decrypt)


def _table(found: list[KeptRun]) -> Table:
    table = Table()
    table.add_column("Number", justify="right")
    table.add_column("Began")
    table.add_column("Lasted", justify="right")
    table.add_column("Captions", justify="right")
    table.add_column("Heard", overflow="fold")
    table.add_column("Recognised by", overflow="fold")
    for each in found:
        lasted = (each.run.ended_at or each.last_at) - each.run.started_at
        table.add_row(
            str(each.number),
            local_time(each.run.started_at),
            f"{lasted // 3600:.0f}:{lasted // 60 % 60:02.0f}:{lasted % 60 // 1:02.0f}",
            str(each.segments),
            Text(each.run.source),
            Text(each.run.engine),
        )
    return table


def _title(run: KeptRun) -> str:
    facts = (local_time(run.run.started_at), run.run.source, run.run.engine)
    return f"Transcript {run.number}: {', '.join(fact for fact in facts if fact)}"


def _lines(
    run: KeptRun, said: list[KeptSegment], lost: list[Gap], open_ones: list[KeptSegment]
) -> Iterator[Text]:
    """Go through what was said, with the gaps where they are."""
    gaps = sorted(lost, key=lambda gap: gap.start_ms)
    for each in said:
        while gaps and gaps[0].start_ms <= each.segment.start_ms:
            yield Text(f"[{gaps.pop(0).reason}]", style="yellow")
        yield _line(each)
    for gap in gaps:
        yield Text(f"[{gap.reason}]", style="yellow")
    note = " (unfinished)" if run.run.ended_at is None else ""
    for each in open_ones:
        yield _line(each).append(note, "dim")


def _line(kept: KeptSegment) -> Text:
    line = Text(f"{local_time(kept.spoken_at, '%H:%M:%S')}  ", style="cyan")
    return line.append(kept.segment.labelled_text, "default")


def _hit(found: Found) -> Text:
    kept, segment = found.kept, found.kept.segment
    line = Text(f"{found.run}  {local_time(kept.spoken_at, '%Y-%m-%d %H:%M:%S')}  ", style="cyan")
    if segment.channel:
        line.append(f"{segment.channel}: ", "default")
    text = Text(segment.text, style="default")
    for begin, end in found.marks:
        text.stylize("bold reverse", begin, end)
    return line.append_text(text)


def _note(text: str) -> None:
    Console(stderr=True, highlight=False).print(text)
