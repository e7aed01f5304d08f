"""``captioner loadtest``: many real-time streams to one recogniser."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.text import Text

from captioner.cli.context import app_context
from captioner.cli.exit_codes import ExitCode
from captioner.cli.measured import (
    ChunkOption,
    EndpointOption,
    FilesArgument,
    FinalLimitOption,
    FolderOption,
    JsonOption,
    WordErrorLimitOption,
    chunk_ms_of,
    deliver,
    prepare,
    span_s,
)
from captioner.cli.options import (
    CaFileOption,
    LanguageOption,
    ModelOption,
    TlsOption,
    recogniser_overrides,
)
from captioner.cli.running import stop_on_signals
from captioner.core.errors import ConfigurationError
from captioner.measure.limits import Limits
from captioner.measure.load import Progress, Watcher
from captioner.measure.loadtest import LoadTest
from captioner.measure.notices import counted_streams
from captioner.measure.open_files import make_room
from captioner.measure.result import Measurement, Plan, Run
from captioner.measure.sound import recordings, require_words
from captioner.measure.tally import LATE_LIMIT_MS
from captioner.measure.target import open_target
from captioner.settings.models import Settings


def loadtest(
    ctx: typer.Context,
    files: FilesArgument = None,
    *,
    endpoint: EndpointOption = None,
    embedded: Annotated[
        bool, typer.Option("--embedded", help="Measure the embedded engine of this computer.")
    ] = False,
    tls: TlsOption = None,
    ca_file: CaFileOption = None,
    model: ModelOption = None,
    language: LanguageOption = None,
    streams: Annotated[int, typer.Option(min=1, max=5000, help="Streams at the same time.")] = 1,
    duration: Annotated[
        str, typer.Option(help="How long all streams are measured, such as 60s or 5m.")
    ] = "60s",
    ramp: Annotated[
        str, typer.Option(help="How long it takes until all streams are open.")
    ] = "10s",
    chunk: ChunkOption = "160ms",
    find_capacity: Annotated[
        bool,
        typer.Option(
            "--find-capacity",
            help="Find the largest number of streams that keeps the limits, beginning with "
            "--streams.",
        ),
    ] = False,
    at_most: Annotated[
        int, typer.Option(min=1, max=5000, help="With --find-capacity: try no more streams.")
    ] = 1000,
    limit_p95: Annotated[
        float | None,
        typer.Option(
            min=0, metavar="MS", help="95 % of the chunks are to be answered within so long."
        ),
    ] = None,
    limit_final_p95: FinalLimitOption = None,
    limit_wer: WordErrorLimitOption = None,
    limit_errors: Annotated[
        int | None, typer.Option(min=0, help="Most streams that may break.")
    ] = None,
    as_json: JsonOption = False,
    out: FolderOption = None,
) -> None:
    """Measure a recogniser with many real-time streams, through the client that captions.

    Each stream plays speech as fast as it is spoken. Two latencies are told: from a chunk to its
    answer, as NVIDIA defines it, and from the end of speech to its final, as readers feel it. The
    exit code is 1 when a limit was not kept, or this computer did not keep up, which spoils the
    figures. Ctrl-C ends it and prints what there is.

    Examples:
    * captioner loadtest --endpoint riva.example.org:50051 --tls --streams 50
    * captioner loadtest --embedded --streams 4 --limit-final-p95 2000
    * captioner loadtest --embedded --find-capacity --limit-final-p95 1500 --duration 30s
    * captioner loadtest --streams 100 --duration 5m --ramp 30s --out results talk.wav
    """
    if embedded and endpoint is not None:
        raise ConfigurationError(
            "--embedded and --endpoint name two recognisers.", hint="Leave one of them out."
        )
    plan = Plan(
        streams=streams,
        duration_s=_positive(duration, "--duration"),
        ramp_s=span_s(ramp, "--ramp"),
        chunk_ms=chunk_ms_of(chunk),
    )
    if find_capacity and limit_errors is None:
        limit_errors = 0
    limits = Limits(limit_p95, limit_final_p95, limit_wer, limit_errors)
    if find_capacity and not limits.bounds_latency:
        raise ConfigurationError(
            "--find-capacity needs to know how late captions may be.",
            hint="Add --limit-final-p95 MS (from the end of speech to its final) or --limit-p95 MS "
            "(from a chunk to its answer).",
        )
    if find_capacity:
        make_room(max(streams, at_most), "--at-most")
    else:
        make_room(streams, "--streams")
    overrides = recogniser_overrides(endpoint, tls, ca_file, model, language)
    settings = app_context(ctx).load(overrides).settings
    prepare(out)
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    measured = asyncio.run(
        _measure(
            settings,
            files or [],
            plan,
            limits,
            embedded=embedded,
            at_most=at_most if find_capacity else None,
            console=console,
        )
    )
    deliver(measured, folder=out, as_json=as_json, console=console)
    if not measured.is_complete:
        raise typer.Exit(ExitCode.INTERRUPTED)
    if not measured.passed:
        raise typer.Exit(ExitCode.FAULT)


async def _measure(
    settings: Settings,
    files: list[Path],
    plan: Plan,
    limits: Limits,
    *,
    embedded: bool,
    at_most: int | None,
    console: Console,
) -> Measurement:
    """Measure; a search is made where ``at_most`` bounds it."""
    played = await recordings(files, chunk_ms=plan.chunk_ms)
    if limits.wer_percent is not None:
        require_words(played, plan.duration_s)
    async with open_target(settings, embedded=embedded) as target:
        with _shown(console) as watch:

            def tell(run: Run, kept: bool) -> None:  # noqa: FBT001  # its only caller is positional
                console.print(_attempt(run, kept=kept))

            test = LoadTest(target, plan, played, limits, watch=watch, tell=tell)

            async def stop() -> None:
                test.stop()

            async with stop_on_signals(stop):
                return await (test.once() if at_most is None else test.search(at_most))


def _positive(text: str, option: str) -> float:
    seconds = span_s(text, option)
    if not seconds:
        raise ConfigurationError(f"{option} must be more than 0.", hint="Write 60s, for one.")
    return seconds


@contextmanager
def _shown(console: Console) -> Iterator[Watcher]:
    """Show progress on a terminal; elsewhere it would only fill a log."""
    if not console.is_terminal:
        yield lambda _: None
        return
    with Live(console=console, transient=True, auto_refresh=False) as live:
        yield lambda now: live.update(_line(now), refresh=True)


def _attempt(run: Run, *, kept: bool) -> str:
    found = [f"{counted_streams(run.streams)}: {'kept' if kept else 'broken'}"]
    for name, latency in (("chunk to answer", run.chunk_ms), ("speech to final", run.final_ms)):
        if latency is not None:
            found.append(f"{name} p95 {latency.p95:.0f} ms")
    if run.errors:
        found.append(f"{sum(run.errors.values())} broken streams")
    if not run.client.kept_up:
        found.append("this computer did not keep up")
    return ", ".join(found)


def _line(now: Progress) -> Text:
    parts = [
        f"{min(now.elapsed_s, now.whole_s):.0f} of {now.whole_s:.0f} s",
        f"{now.open} of {counted_streams(now.streams)}",
    ]
    for name, value in (
        ("chunk to answer", now.chunk_p95_ms),
        ("speech to final", now.final_p95_ms),
    ):
        if value is not None:
            parts.append(f"{name} p95 {value:.0f} ms")
    if now.lag_s:
        parts.append(f"behind {now.lag_s:.1f} s")
    if now.late_p99_ms is not None and now.late_p99_ms > LATE_LIMIT_MS:
        parts.append(f"this computer is late by {now.late_p99_ms:.0f} ms")
    if now.errors:
        parts.append(f"{now.errors} broken")
    return Text(" · ".join(parts))
