"""What the commands that measure have in common: options, and how a result is handed over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from captioner.cli.output import write_output
from captioner.core.errors import ConfigurationError
from captioner.measure.notices import broken_streams, counted_streams, limit_and_found, notices
from captioner.measure.report.files import write_report
from captioner.measure.result import Check, Measurement, Run, Summary

_SPAN: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)?")
_UNIT_S: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}

EndpointOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--endpoint",
        "--server",
        metavar="HOST:PORT",
        help="The Riva server to measure; without a port: 50051. Without it, that of the settings.",
        show_default=False,
    ),
]

FilesArgument: TypeAlias = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="FILES",
        help="Sound files to play, each with its words in a .txt of the same name beside it; "
        "without any: the bundled speech sample.",
        show_default=False,
        readable=False,
    ),
]

JsonOption: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Write the result to standard output as JSON, for programs.")
]

FolderOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--out",
        help="Also write the result into this folder: JSON, and a report in Markdown and HTML.",
        show_default=False,
    ),
]


def span_s(text: str, option: str) -> float:
    """Return how many seconds ``text`` means: 90, 90s, 1.5m, 160ms.

    Raises:
        ConfigurationError: It means no span of time.
    """
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise ConfigurationError(
            f"{option} {text} is no span of time.", hint="Write 160ms, 90s, 5m or 1h."
        )
    return float(found[1]) * _UNIT_S[found[2] or "s"]


def deliver(measured: Measurement, *, folder: Path | None, as_json: bool, console: Console) -> None:
    """Show ``measured``, and keep it with a report in ``folder`` where one is named.

    Raises:
        ConfigurationError: It cannot be written.
    """
    document = measured.model_dump_json(indent=2)
    if as_json:
        write_output(f"{document}\n")
    else:
        show(measured)
    if folder is not None:
        for path in _keep(measured, document, folder):
            console.print(f"Written: {path}")


def _keep(measured: Measurement, document: str, folder: Path) -> Iterator[Path]:
    path = folder / f"{measured.kind}-{measured.begun_at:%Y%m%d-%H%M%S}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{document}\n", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written: {error.strerror}.",
            hint="Choose another folder with --out, or make room on the disk.",
        ) from error
    yield path
    yield from write_report([measured], folder / path.stem)


def show(measured: Measurement) -> None:
    """Print tables for people."""
    console = Console(highlight=False)
    # Of a search the last run of the number that it found; all else is in the document.
    for run in measured.runs if measured.capacity is None else measured.counted[-1:]:
        console.print(_run_table(run))
    if measured.capacity is not None:
        console.print(Text(measured.capacity.confidence))
    for check in measured.checks:
        console.print(_check_line(check))
    for notice in notices(measured):
        console.print(Text(notice, style="bold yellow"))


def _run_table(run: Run) -> Table:
    seconds = f"{run.seconds:.0f} s"
    title = f"{run.server}: {counted_streams(run.streams)}, {seconds}"
    table = Table(title=title, title_justify="left", title_style="bold", box=None)
    table.add_column(no_wrap=True)
    for name in ("p50", "p90", "p95", "p99", "most", "count"):
        table.add_column(name, justify="right")
    for name, found, digits in (
        ("chunk to answer, ms", run.chunk_ms, 0),
        ("audio to caption, ms", run.caption_ms, 0),
        ("end of speech to final, ms", run.final_ms, 0),
        ("first speech to first words, ms", run.first_partial_ms, 0),
        ("recogniser behind, s", run.lag_s, 1),
        ("chunks sent late by, ms", run.client.late_ms, 1),
    ):
        if found is not None:
            table.add_row(name, *_cells(found, digits))
    for name, value in _facts(run):
        table.add_row(name, value)
    return table


def _cells(found: Summary, digits: int) -> Iterator[str]:
    for value in (found.p50, found.p90, found.p95, found.p99, found.max):
        yield f"{value:.{digits}f}"
    yield str(found.count)


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    if run.accuracy is not None:
        yield "word error rate", f"{100 * run.accuracy.wer:.2f} %"
    if run.erasure is not None:
        yield "erasure", f"{run.erasure:.3f}"
    yield "broken streams", broken_streams(run)
    yield "audio dropped", f"{run.dropped_s:g} s"
    yield "processor here", f"{run.client.processor:.2f} cores"


def _check_line(check: Check) -> Text:
    mark = Text("kept  ", "green") if check.passed else Text("BROKEN  ", "bold red")
    limit, found = limit_and_found(check)
    return mark + Text(f"{check.what}: {found}, limit {limit}")
