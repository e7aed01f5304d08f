"""``captioner transcribe``: audio files to text or subtitles, as fast as the recogniser follows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from captioner.audio.file import file_duration_s
from captioner.cli.context import app_context
from captioner.cli.exit_codes import ExitCode, exit_code_for
from captioner.cli.options import (
    CaFileOption,
    LanguageOption,
    ModelOption,
    ServerOption,
    TlsOption,
    recogniser_overrides,
)
from captioner.cli.output import write_output
from captioner.cli.report import print_error
from captioner.cli.running import run_session
from captioner.core.errors import CaptionerError, ConfigurationError
from captioner.core.events import CaptionChanged, SessionEvent
from captioner.core.segment import Segment
from captioner.session.controller import CaptionSession
from captioner.session.embedded import EmbeddedEngine
from captioner.settings.models import AudioSettings, Settings
from captioner.transcript.export import TranscriptFormat, export


def transcribe(
    ctx: typer.Context,
    files: Annotated[
        # Whether a file can be read is found out, and told, when its turn comes.
        list[Path], typer.Argument(help="Audio files.", show_default=False, readable=False)
    ],
    *,
    form: Annotated[
        TranscriptFormat, typer.Option("--format", "-f", help="What to write.")
    ] = TranscriptFormat.TXT,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--output-dir",
            "-o",
            help="Write one file for each into this folder; without it, to standard output.",
            file_okay=False,
        ),
    ] = None,
    server: ServerOption = None,
    tls: TlsOption = None,
    ca_file: CaFileOption = None,
    model: ModelOption = None,
    language: LanguageOption = None,
) -> None:
    """Turn audio files into text or subtitles.

    A file that cannot be read does not keep the others from being transcribed.

    Examples:
    * captioner transcribe talk.mp3
    * captioner transcribe --server riva.example.org:443 --tls talk.mp3
    * captioner transcribe -f srt -o subtitles talk1.wav talk2.flac
    """
    overrides = recogniser_overrides(server, tls, ca_file, model, language)
    settings = app_context(ctx).load(overrides).settings
    if folder is not None:
        _require_different_names(files)
        _make(folder)
    elif len(files) > 1 and form is not TranscriptFormat.TXT:
        raise ConfigurationError(
            f"Several {form.value} files on one standard output are no {form.value} file.",
            hint="Give each a file of its own: --output-dir FOLDER.",
        )
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        code = asyncio.run(_transcribe_all(settings, files, form, folder, progress))
    if code is not ExitCode.OK:
        raise typer.Exit(code)


async def _transcribe_all(
    settings: Settings,
    files: list[Path],
    form: TranscriptFormat,
    folder: Path | None,
    progress: Progress,
) -> ExitCode:
    """Transcribe one file after the other with one engine; return the exit code of the run.

    Where recognition breaks off, what was recognised before is delivered all the same.
    """
    engine = EmbeddedEngine(settings.engine)
    code = ExitCode.OK
    try:
        for path in files:
            bar = progress.add_task(path.name, total=None)
            segments: list[Segment] = []
            stopped = failed = False
            try:
                stopped = await _transcribe(
                    settings, path, engine, segments, progress=progress, bar=bar
                )
            except CaptionerError as error:
                print_error(error.message, hint=error.hint)
                code = exit_code_for(error.category)
                failed = True
            finally:
                progress.remove_task(bar)
            if segments or not failed:
                if not segments and not stopped:
                    progress.console.print(f'No speech was found in "{path.name}".')
                if not _deliver(export(segments, form), path, form, folder, progress.console):
                    return code
            if stopped:
                return ExitCode.INTERRUPTED
    finally:
        await engine.close()
    return code


async def _transcribe(
    settings: Settings,
    path: Path,
    engine: EmbeddedEngine,
    segments: list[Segment],
    *,
    progress: Progress,
    bar: TaskID,
) -> bool:
    """Put the finished captions of a file into ``segments``; return whether a signal ended it."""
    progress.update(bar, total=await asyncio.to_thread(file_duration_s, path))
    session = CaptionSession(
        settings.model_copy(update={"audio": AudioSettings(source=f"file:{path}")}),
        realtime=False,
        engine=engine,
    )
    session.subscribe(_collector(segments, lambda done_s: progress.update(bar, completed=done_s)))
    return await run_session(session)


def _collector(
    segments: list[Segment], advance: Callable[[float], None]
) -> Callable[[SessionEvent], None]:
    def collect(event: SessionEvent) -> None:
        if isinstance(event, CaptionChanged):
            advance(event.segment.end_ms / 1000)
            if event.segment.is_final and event.segment.text:
                segments.append(event.segment)

    return collect


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {folder} cannot be made: {error.strerror}.",
            hint="Choose a folder that you may write to.",
        ) from error


def _require_different_names(files: list[Path]) -> None:
    """See to it that no transcript would take the place of another.

    Raises:
        ConfigurationError: Two files would be written under one name.
    """
    sources: dict[str, Path] = {}
    for path in files:
        if path.stem in sources:
            raise ConfigurationError(
                f'The transcripts of "{sources[path.stem]}" and "{path}" would have one name.',
                hint="Transcribe them one after the other, into different folders.",
            )
        sources[path.stem] = path


def _deliver(
    text: str, path: Path, form: TranscriptFormat, folder: Path | None, console: Console
) -> bool:
    """Write a transcript; return False when nobody reads standard output any more.

    Raises:
        ConfigurationError: It cannot be written.
    """
    if folder is None:
        return write_output(text)
    target = folder / f"{path.stem}.{form.value}"
    partial = target.with_suffix(f"{target.suffix}.part")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(target)
    except OSError as error:
        raise ConfigurationError(
            f"{target} cannot be written: {error.strerror}.",
            hint="Choose another folder with --output-dir, or make room on the disk.",
        ) from error
    console.print(f"{path.name} → {target}")
    return True
