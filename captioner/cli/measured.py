"""What the commands that measure have in common: options, and how a result is handed over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated, Final, TypeAlias

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from captioner.cli.output import write_output
from captioner.core.errors import ConfigurationError
from captioner.measure.notices import broken_streams, counted_streams, limit_and_found, notices
from captioner.measure.result import Check, Kind, Measurement, Run, Summary

_SPAN: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)?")
_SHORTEST_CHUNK_S: Final = 0.02
_LONGEST_CHUNK_S: Final = 1.0
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

ChunkOption: TypeAlias = Annotated[
    str, typer.Option("--chunk", help="Length of the chunks that are sent.")
]

WordErrorLimitOption: TypeAlias = Annotated[
    float | None,
    typer.Option("--limit-wer", min=0, metavar="PERCENT", help="Most word errors in a hundred."),
]

FinalLimitOption: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--limit-final-p95",
        min=0,
        metavar="MS",
        help="95 % of the finals are to come so soon after the end of speech.",
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


def chunk_ms_of(text: str) -> int:
    """Return the milliseconds of ``--chunk``.

    Raises:
        ConfigurationError: No client sends chunks of that length.
    """
    seconds = span_s(text, "--chunk")
    if not _SHORTEST_CHUNK_S <= seconds <= _LONGEST_CHUNK_S:
        raise ConfigurationError(
            f"--chunk {text} is not a length that clients send.",
            hint="Choose from 20ms to 1s; 160ms is what NVIDIA publishes figures for.",
        )
    return round(1000 * seconds)


def prepare(folder: Path | None) -> None:
    """Make the folder for the result, before anything is measured for it.

    Raises:
        ConfigurationError: Nothing can be written there.
    """
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigurationError(
            f'Nothing can be written into "{folder}": {error.strerror}.',
            hint="Choose another folder with --out, or make room on the disk.",
        ) from error


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
    from captioner.measure.report.files import write_report  # noqa: PLC0415  # it loads a library

    path = folder / f"{measured.kind}-{measured.begun_at:%Y%m%d-%H%M%S}.json"
    try:
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
    if measured.kind is Kind.BENCH:
        for name in dict.fromkeys(run.server for run in measured.runs):
            runs = [run for run in measured.runs if run.server == name]
            console.print(_bench_table(name, runs))
    elif measured.counted:
        # Of a search the last run of the number that it found; all else is in the document.
        console.print(_run_table(measured.counted[-1]))
    if measured.capacity is not None:
        console.print(Text(measured.capacity.confidence))
    for check in measured.checks:
        console.print(_check_line(check))
    for notice in notices(measured):
        console.print(Text(notice, style="bold yellow"))


def _bench_table(server: str, runs: Sequence[Run]) -> Table:
    """Return one recogniser's recordings, a row each: what both paces found together."""
    table = Table(title=server, title_justify="left", title_style="bold", box=None)
    table.add_column("recording", overflow="fold")
    for name in ("WER", "CER", "time a s", "first words", "final p50", "p95", "erasure"):
        table.add_column(name, justify="right", no_wrap=True)
    for audio in dict.fromkeys(run.audio for run in runs):
        paces = [run for run in runs if run.audio == audio]
        live = next((run for run in paces if run.realtime), paces[0])
        fast = [run.real_time_factor for run in paces if run.real_time_factor is not None]
        words, first, final = live.accuracy, live.first_partial_ms, live.final_ms
        table.add_row(
            audio,
            "" if words is None else f"{100 * words.wer:.2f} %",
            "" if words is None else f"{100 * words.cer:.2f} %",
            "" if not fast else f"{fast[0]:.3f} s",
            "" if first is None else f"{first.p50:.0f} ms",
            "" if final is None else f"{final.p50:.0f} ms",
            "" if final is None else f"{final.p95:.0f} ms",
            "" if live.erasure is None else f"{live.erasure:.3f}",
        )
    return table


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
