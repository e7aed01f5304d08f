"""What is done with the whole history at once; all of it blocks."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from captioner.sinks.history_files import write_transcripts
from captioner.transcript.export import TranscriptFormat
from captioner.transcript.history import looking
from captioner.transcript.history.database import file_size, history_errors, open_history, reading
from captioner.transcript.history.exporting import EVER
from captioner.transcript.history.writing import delete_before, tidy


def amount(path: Path) -> tuple[int, int, int]:
    """Return how many runs, segments and bytes there are."""
    with reading(path) as connection:
        runs, segments = looking.count(connection)
    return runs, segments, file_size(path)


def export_all(
    path: Path, form: TranscriptFormat, folder: Path, progress: Callable[[int, int], None]
) -> int:
    """Write all runs into ``folder``, and return how many."""
    with reading(path) as connection:
        runs = looking.runs(connection)
        files = write_transcripts(connection, runs, form, folder)
        for done, _ in enumerate(files, start=1):
            progress(done, len(runs))
    return len(runs)


def delete_all(path: Path) -> None:
    """Delete everything, so that nothing is left of it."""
    with history_errors(path), closing(open_history(path)) as connection:
        delete_before(connection, EVER[1])
        tidy(connection)
