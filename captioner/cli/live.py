"""``captioner live``: captions in the terminal."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer
from rich.console import Console

from captioner.cli.context import app_context
from captioner.cli.exit_codes import ExitCode
from captioner.cli.history_following import history_followed
from captioner.cli.metrics_options import (
    MetricsHostOption,
    MetricsPortOption,
    MetricsTokenFileOption,
    metrics_address,
    metrics_served,
)
from captioner.cli.options import (
    CaFileOption,
    DeviceOption,
    HistoryOption,
    LanguageOption,
    MicDeviceOption,
    ModelOption,
    ServerOption,
    SourceOption,
    SystemDeviceOption,
    TlsOption,
    audio_overrides,
    recogniser_overrides,
)
from captioner.cli.output import leave_output, reason_of
from captioner.cli.report import as_told
from captioner.cli.running import run_session
from captioner.core.errors import CaptionerError, ConfigurationError
from captioner.session.controller import CaptionSession
from captioner.settings.models import Settings
from captioner.sinks.export_file import ExportFileWriter
from captioner.sinks.history import HistorySink
from captioner.sinks.json_lines import JsonLinesWriter
from captioner.sinks.terminal import PipeConsole, TerminalWriter
from captioner.sinks.text_file import TextFileWriter
from captioner.sinks.threaded import ThreadedSink
from captioner.sinks.time_order import TimeOrderedWriter

if TYPE_CHECKING:
    from captioner.telemetry.metrics import Metrics

_log = logging.getLogger(__name__)

_File: TypeAlias = TextFileWriter | ExportFileWriter


class LiveFormat(StrEnum):
    """How captions are written."""

    TEXT = "text"
    JSONL = "jsonl"


def live(
    ctx: typer.Context,
    *,
    source: SourceOption = None,
    device: DeviceOption = None,
    mic_device: MicDeviceOption = None,
    system_device: SystemDeviceOption = None,
    server: ServerOption = None,
    tls: TlsOption = None,
    ca_file: CaFileOption = None,
    model: ModelOption = None,
    language: LanguageOption = None,
    history: HistoryOption = None,
    metrics_port: MetricsPortOption = None,
    metrics_host: MetricsHostOption = None,
    metrics_token_file: MetricsTokenFileOption = None,
    output: Annotated[
        LiveFormat, typer.Option("--format", help="Text for people, or JSON lines for programs.")
    ] = LiveFormat.TEXT,
    save: Annotated[
        Path | None,
        typer.Option(help="Also append finished captions to this text file.", dir_okay=False),
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(
            help="Also write finished captions into this new file, as its ending says: "
            ".txt, .md, .csv, .json, .srt or .vtt. It is whole after each caption.",
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """Show live captions in the terminal. Ctrl-C stops and keeps the last words.

    Examples:
    * captioner live
    * captioner live --source mic --format jsonl
    * captioner live --no-history
    * captioner live --source both --save meeting.txt
    * captioner live --export talk.srt
    * captioner live --server riva.example.org:50051 --tls --language de-DE
    * captioner live --source file:talk.mp3 --save talk.txt
    * captioner live --metrics-port 9464
    """
    context = app_context(ctx)
    json_lines = JsonLinesWriter(sys.stdout) if output is LiveFormat.JSONL else None
    with _errors_told(json_lines):
        overrides = audio_overrides(source, device, mic_device, system_device)
        overrides |= recogniser_overrides(server, tls, ca_file, model, language)
        overrides["history.is_kept"] = history
        loaded = context.load(overrides)
        settings = loaded.settings
        address = metrics_address(metrics_port, metrics_host, metrics_token_file)

        async def run() -> bool:
            async with metrics_served(address) as metrics:
                files = await asyncio.to_thread(_files, save, export)
                kept = HistorySink(settings, context.paths.data_dir, partial(_log.warning, "%s"))
                async with history_followed(kept, loaded, context.paths.settings_file):
                    return await _caption(settings, json_lines, files, kept, metrics)

        interrupted = asyncio.run(run())
    if interrupted:
        raise typer.Exit(ExitCode.INTERRUPTED)


@contextmanager
def _errors_told(json_lines: JsonLinesWriter | None) -> Iterator[None]:
    """Tell programs, as the last event, what ended the captions or kept them from beginning."""
    try:
        yield
    except Exception as error:
        if json_lines is not None:
            try:
                json_lines.write_error(as_told(error))
            except OSError as failure:
                with suppress(CaptionerError):  # the error itself is told to people in any case
                    leave_output(failure)
        raise


def _files(save: Path | None, export: Path | None) -> dict[str, _File]:
    """Return what writes the files that were asked for, by the name of the option."""
    tell = partial(_log.warning, "%s")
    files: dict[str, _File] = {}
    if save is not None:
        files["save"] = TextFileWriter(save, tell)
    if export is not None:
        files["export"] = ExportFileWriter(export, tell)
    return files


async def _caption(
    settings: Settings,
    json_lines: JsonLinesWriter | None,
    files: dict[str, _File],
    history: HistorySink,
    metrics: Metrics | None,
) -> bool:
    output = LiveFormat.TEXT if json_lines is None else LiveFormat.JSONL
    out = PipeConsole(highlight=False)
    terminal = TerminalWriter(out, Console(stderr=True, highlight=False))
    # On a screen captions come as they are spoken; a pipe only gets finished ones.
    written = terminal if out.is_terminal else TimeOrderedWriter(terminal)
    session = CaptionSession(settings)
    loop = asyncio.get_running_loop()
    stopping: list[asyncio.Task[None]] = []

    def stop() -> None:
        stopping.append(loop.create_task(session.stop(), name="stop-without-output"))

    def on_failure() -> None:
        loop.call_soon_threadsafe(stop)

    screen = ThreadedSink(json_lines or written, output.value, on_failure=on_failure)
    saved = {
        name: ThreadedSink(TimeOrderedWriter(file), file.path.name) for name, file in files.items()
    }
    sinks: dict[str, HistorySink | ThreadedSink] = {"history": history, output.value: screen}
    sinks |= saved
    for sink in sinks.values():
        session.subscribe(sink)
    if metrics is not None:
        metrics.sessions.follow(session)
        metrics.follow_engine(lambda: session.engine_counts)
        metrics.follow_sinks(sinks)
        screen.on_written = partial(metrics.sessions.painted, output=output.value)
    try:
        interrupted = await run_session(session)
    finally:
        for sink in sinks.values():
            await asyncio.to_thread(sink.close)
    if screen.failure is not None:
        leave_output(screen.failure)
    for name, sink in saved.items():
        _check_complete(files[name].path, sink)
    return interrupted


def _check_complete(path: Path, sink: ThreadedSink) -> None:
    if sink.failure is not None:
        raise ConfigurationError(
            f"The transcript {path} is not complete: {reason_of(sink.failure)}.",
            hint="Make room on the disk, or save it somewhere else.",
        ) from sink.failure
