"""``captioner trace``: where the time of one utterance goes, from sound to words."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from captioner.audio.factory import open_source
from captioner.cli.context import app_context
from captioner.cli.exit_codes import ExitCode
from captioner.cli.options import (
    CaFileOption,
    DeviceOption,
    LanguageOption,
    ModelOption,
    ServerOption,
    SourceOption,
    TlsOption,
    audio_overrides,
    recogniser_overrides,
)
from captioner.cli.running import run_session
from captioner.core.clock import SystemClock
from captioner.core.errors import ConfigurationError, UnavailableError
from captioner.core.events import CaptionChanged, SessionEvent
from captioner.session.channels import channel_sources
from captioner.session.controller import CaptionSession
from captioner.session.trace import STAGES, LatencyTrace, TracedCaption
from captioner.settings.models import Settings
from captioner.sinks.terminal import PipeConsole, TerminalWriter
from captioner.sinks.threaded import ThreadedSink

_STAGES: Final = (*STAGES[:-1], "written")
"""The last one ends where the words are written; it is the terminal that paints them."""


def trace(
    ctx: typer.Context,
    *,
    source: SourceOption = None,
    device: DeviceOption = None,
    server: ServerOption = None,
    tls: TlsOption = None,
    ca_file: CaFileOption = None,
    model: ModelOption = None,
    language: LanguageOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write the times as JSON, for programs.")
    ] = False,
) -> None:
    """Caption one utterance, and tell how long each stage took.

    Times its first words and its final, from the newest audio that they rest on to the terminal.
    The captions themselves go to standard error. Ctrl-C ends it before.

    Examples:
    * captioner trace
    * captioner trace --source file:talk.wav --json
    * captioner trace --server riva.example.org:50051 --tls
    """
    overrides = audio_overrides(source, device, None, None)
    overrides |= recogniser_overrides(server, tls, ca_file, model, language)
    settings = app_context(ctx).load(overrides).settings
    if len(channel_sources(settings.audio)) > 1:
        raise ConfigurationError(
            "One utterance is traced, and two sources have one each.",
            hint="Choose one: --source mic, --source system, or --source file:NAME.",
        )
    found, recogniser, interrupted = asyncio.run(_traced(settings))
    if interrupted:
        raise typer.Exit(ExitCode.INTERRUPTED)
    if as_json:
        captions = [_as_record(each) for each in found]
        typer.echo(json.dumps({"recogniser": recogniser, "captions": captions}))
    else:
        _show(found, recogniser)


async def _traced(settings: Settings) -> tuple[list[TracedCaption], str, bool]:
    """Run a session up to its first final; return what was timed, by whom, and if it was ended.

    Raises:
        UnavailableError: No utterance could be traced.
    """
    clock = SystemClock()
    timed = LatencyTrace(clock)
    opener = timed.wrapped(lambda audio: open_source(audio, wait_for_device=False))
    session = CaptionSession(settings, opener=opener, tap=timed, clock=clock)
    loop = asyncio.get_running_loop()
    found: list[TracedCaption] = []
    stopping: list[asyncio.Task[None]] = []
    recogniser = ""

    def take(event: SessionEvent) -> None:
        if isinstance(event, CaptionChanged):
            timed.reduced(event)

    def stop() -> None:
        nonlocal recogniser
        recogniser = session.figures.recogniser
        stopping.append(loop.create_task(session.stop(), name="stop-after-utterance"))

    def written(event: SessionEvent) -> None:
        if not isinstance(event, CaptionChanged) or (found and found[-1].is_final):
            return
        caption = timed.painted(event)
        if caption is not None:
            found.append(caption)
            if caption.is_final:
                loop.call_soon_threadsafe(stop)

    out = PipeConsole(file=sys.stderr, highlight=False)
    sink = ThreadedSink(TerminalWriter(out, out), "trace")
    sink.on_written = written
    session.subscribe(take)
    session.subscribe(sink)
    try:
        interrupted = await run_session(session)
    finally:
        await asyncio.to_thread(sink.close)
        if stopping:
            await asyncio.wait(stopping)
    if not interrupted:
        _check(timed, found)
    return found, recogniser, interrupted


def _check(timed: LatencyTrace, found: list[TracedCaption]) -> None:
    """Tell why an utterance could not be traced.

    Raises:
        UnavailableError: It could not.
    """
    if timed.streams > 1 or timed.lost:
        raise UnavailableError(
            "The connection broke off or audio was lost, so no time could be measured.",
            hint="Run it again; captioner doctor tells how the server is.",
        )
    if not (found and found[-1].is_final):
        raise UnavailableError(
            "The audio ended before an utterance was captioned.",
            hint="Let somebody speak, or play speech: --source file:NAME.",
        )


def _name(caption: TracedCaption) -> str:
    return "final" if caption.is_final else "first words"


def _stages_ms(caption: TracedCaption) -> dict[str, float]:
    return dict(zip(_STAGES, caption.stages_ms.values(), strict=True))


def _as_record(caption: TracedCaption) -> dict[str, object]:
    stages = {name.replace(" ", "_"): round(ms, 2) for name, ms in _stages_ms(caption).items()}
    return {
        "caption": _name(caption).replace(" ", "_"),
        "segment": caption.segment,
        "audio_ms": caption.audio_ms,
        "stages_ms": stages,
        "total_ms": round(caption.total_ms, 2),
    }


def _show(found: list[TracedCaption], recogniser: str) -> None:
    table = Table(box=None, pad_edge=False, title=recogniser, title_justify="left")
    table.add_column("milliseconds")
    for caption in found:
        table.add_column(_name(caption), justify="right")
    for stage in _STAGES:
        table.add_row(stage, *(f"{_stages_ms(caption)[stage]:.1f}" for caption in found))
    table.add_row("in all", *(f"{caption.total_ms:.1f}" for caption in found))
    Console(highlight=False).print(table)
