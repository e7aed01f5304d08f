"""``captioner bench``: how accurate and how fast one recogniser is, or two in turn."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from captioner.cli.context import AppContext, app_context
from captioner.cli.exit_codes import ExitCode
from captioner.cli.measured import (
    ChunkOption,
    FilesArgument,
    FinalLimitOption,
    FolderOption,
    JsonOption,
    WordErrorLimitOption,
    chunk_ms_of,
    deliver,
    prepare,
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
from captioner.measure.bench import Bench, Watcher
from captioner.measure.limits import Limits
from captioner.measure.result import Measurement
from captioner.measure.sound import recordings, require_words
from captioner.measure.target import open_target
from captioner.settings.models import Settings

_MOST: Final = 2


class Pace(StrEnum):
    """How audio goes out."""

    BOTH = "both"
    REALTIME = "realtime"
    FULL = "full"


_PACES: Final = {Pace.BOTH: (True, False), Pace.REALTIME: (True,), Pace.FULL: (False,)}


def bench(
    ctx: typer.Context,
    files: FilesArgument = None,
    *,
    endpoint: Annotated[
        list[str] | None,
        typer.Option(
            "--endpoint",
            "--server",
            metavar="HOST:PORT",
            help="The Riva server to measure; twice to compare two. Without it, that of the "
            "settings.",
            show_default=False,
        ),
    ] = None,
    embedded: Annotated[
        bool, typer.Option("--embedded", help="Measure the embedded engine, alone or in turn.")
    ] = False,
    tls: TlsOption = None,
    ca_file: CaFileOption = None,
    model: ModelOption = None,
    language: LanguageOption = None,
    reference: Annotated[
        Path | None,
        typer.Option(
            help="Text file with the words of the only sound file; else the .txt beside it.",
            show_default=False,
            readable=False,
        ),
    ] = None,
    pace: Annotated[
        Pace,
        typer.Option(
            help="In real time for latencies, at full speed for the time that a second of audio "
            "takes, or both."
        ),
    ] = Pace.BOTH,
    chunk: ChunkOption = "160ms",
    limit_wer: WordErrorLimitOption = None,
    limit_final_p95: FinalLimitOption = None,
    as_json: JsonOption = False,
    out: FolderOption = None,
) -> None:
    """Measure how accurate, fast and steady a recogniser is, one recording at a time.

    Each is played in real time, then as fast as it is taken. Two recognisers take turns. The exit
    code is 1 when a limit was not kept. Ctrl-C ends it and prints what there is.

    Examples:
    * captioner bench talk.wav --reference talk-words.txt
    * captioner bench --endpoint riva.example.org:50051 --tls --embedded recordings/*.wav
    * captioner bench --pace full --limit-wer 8 --json talk.wav
    """
    limits = Limits(wer_percent=limit_wer, final_p95_ms=limit_final_p95)
    if limit_final_p95 is not None and pace is Pace.FULL:
        raise ConfigurationError(
            "At full speed there is no latency to limit.",
            hint="Choose --pace realtime or both, or leave out --limit-final-p95.",
        )
    shared = recogniser_overrides(None, tls, ca_file, model, language)
    chosen = _chosen(app_context(ctx), endpoint or [], shared, embedded=embedded)
    prepare(out)
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    measured = asyncio.run(
        _measure(
            chosen,
            files or [],
            limits,
            reference=reference,
            paces=_PACES[pace],
            chunk_ms=chunk_ms_of(chunk),
            console=console,
        )
    )
    deliver(measured, folder=out, as_json=as_json, console=console)
    if not measured.is_complete:
        raise typer.Exit(ExitCode.INTERRUPTED)
    if not measured.passed:
        raise typer.Exit(ExitCode.FAULT)


def _chosen(
    context: AppContext, endpoints: Sequence[str], shared: dict[str, object], *, embedded: bool
) -> list[tuple[Settings, bool]]:
    """Return the settings of each recogniser, and whether it is the embedded engine."""
    if len(endpoints) + embedded > _MOST or len(set(endpoints)) < len(endpoints):
        raise ConfigurationError(
            "Two different recognisers can be compared at a time.",
            hint="Name --endpoint at most twice, or once together with --embedded.",
        )
    chosen = []
    for server in endpoints:
        named = recogniser_overrides(server, None, None, None, None)
        given = {name: value for name, value in named.items() if value is not None}
        chosen.append((context.load(shared | given).settings, False))
    if embedded:
        asked = {name: value for name, value in shared.items() if name.startswith("recognition")}
        chosen.append((context.load(asked).settings, True))
    return chosen or [(context.load(shared).settings, False)]


async def _measure(
    chosen: Sequence[tuple[Settings, bool]],
    files: list[Path],
    limits: Limits,
    *,
    reference: Path | None,
    paces: Sequence[bool],
    chunk_ms: int,
    console: Console,
) -> Measurement:
    played = await recordings(files, chunk_ms=chunk_ms, reference=reference)
    if limits.wer_percent is not None:
        require_words(played, None)
    async with AsyncExitStack() as stack:
        targets = [
            await stack.enter_async_context(open_target(settings, embedded=is_embedded))
            for settings, is_embedded in chosen
        ]
        whole_s = sum(each.seconds for each in played) * len(targets) * len(paces)
        watch = stack.enter_context(_shown(console, whole_s))
        test = Bench(targets, played, limits, paces=paces, chunk_ms=chunk_ms, watch=watch)

        async def stop() -> None:
            test.stop()

        async with stop_on_signals(stop):
            return await test.measure()


@contextmanager
def _shown(console: Console, whole_s: float) -> Iterator[Watcher]:
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        bar = progress.add_task("", total=whole_s)
        yield lambda what, done_s: progress.update(bar, description=what, completed=done_s)
