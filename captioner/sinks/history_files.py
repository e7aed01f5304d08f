"""Transcripts of the history as files."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from captioner.core.errors import ConfigurationError
from captioner.settings.file import write_atomically
from captioner.transcript.export import TranscriptFormat
from captioner.transcript.history.exporting import EVER, exported
from captioner.transcript.history.records import KeptRun


def write_transcripts(
    connection: sqlite3.Connection,
    runs: Sequence[KeptRun],
    form: TranscriptFormat,
    folder: Path,
    *,
    between: tuple[float, float] = EVER,
    times: bool | None = None,
    speakers: bool = True,
) -> Iterator[Path]:
    """Write a file for each run into ``folder``, and name each once it is there.

    Raises:
        ConfigurationError: One cannot be written; those before it are there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {folder} cannot be made: {error.strerror}.",
            hint="Choose a folder that you may write to.",
        ) from error
    for run in runs:
        text = exported(connection, [run], form, between=between, times=times, speakers=speakers)
        target = folder / transcript_name(run, form)
        write_transcript(target, text)
        yield target


def transcript_name(run: KeptRun, form: TranscriptFormat) -> str:
    """Return the name of a run's file, which no other run has."""
    began = datetime.fromtimestamp(run.run.started_at, tz=UTC).astimezone()
    return f"captions-{began:%Y-%m-%d-%H%M}-{run.number}.{form.value}"


def write_transcript(path: Path, text: str) -> None:
    """Put ``text`` into a file, whole or not at all.

    Raises:
        ConfigurationError: It cannot be written; what was there is there still.
    """
    try:
        write_atomically(path, text)
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written: {error.strerror}.",
            hint="Choose another folder, or make room on the disk.",
        ) from error
