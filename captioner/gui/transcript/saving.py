"""Saves the transcript as a file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QDateTime, Signal
from PySide6.QtWidgets import QMenu, QPushButton

from captioner.core.errors import CaptionerError
from captioner.gui.preferences.file_choice import FileChoice
from captioner.gui.tasks import Tasks
from captioner.gui.text.sentences import said
from captioner.sinks.history_files import write_transcript
from captioner.transcript.export import TranscriptFormat, export
from captioner.transcript.record import Entry

_NAMES: Final = {
    TranscriptFormat.TXT: QT_TRANSLATE_NOOP("TranscriptFormat", "Text"),
    TranscriptFormat.MD: QT_TRANSLATE_NOOP("TranscriptFormat", "Markdown"),
    TranscriptFormat.CSV: QT_TRANSLATE_NOOP("TranscriptFormat", "CSV table"),
    TranscriptFormat.SRT: QT_TRANSLATE_NOOP("TranscriptFormat", "SubRip subtitles"),
    TranscriptFormat.VTT: QT_TRANSLATE_NOOP("TranscriptFormat", "WebVTT subtitles"),
    TranscriptFormat.JSON: QT_TRANSLATE_NOOP("TranscriptFormat", "JSON"),
}


class Content(Protocol):
    """What is to be saved."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said yet."""
        ...

    def write(self, form: TranscriptFormat, path: Path) -> None:
        """Write it to a file; blocks, so it is called in a worker thread.

        Raises:
            ConfigurationError: It cannot be written; what was there is there still.
        """
        ...


@dataclass(frozen=True)
class RecordContent:
    """What is kept of this run; see `Content`.

    Attributes:
        entries: Of the record; what may still change is left out of the file.
        begun: When the first of it was heard.
        times: Whether text tells the time.
    """

    entries: list[Entry]
    begun: datetime | None
    times: bool

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said yet."""
        return not any(each.is_final for each in self.entries)

    def write(self, form: TranscriptFormat, path: Path) -> None:
        """Write it to a file; blocks."""
        spoken = [each for entry in self.entries if (each := entry.as_spoken()) is not None]
        write_transcript(path, export(spoken, form, times=self.times, begun=self.begun))


class SaveButton(QPushButton):
    """Offers the formats, asks for a file, and writes it while everything else goes on.

    Signals:
        said: What came of it, in a sentence.
    """

    said = Signal(str)

    def __init__(self, tasks: Tasks, content: Callable[[], Content]) -> None:
        """Build its menu.

        Args:
            tasks: The owner of what runs.
            content: Returns what is to be saved.
        """
        super().__init__()
        self.setText(self.tr("&Save as"))
        self._tasks = tasks
        self._content = content
        self.files = FileChoice(self)
        menu = QMenu(self)
        for form, name in format_names().items():
            title = self.tr("{format} (.{ending})…").format(format=name, ending=form.value)
            menu.addAction(title, partial(self.choose_file, form))
        self.setMenu(menu)

    def choose_file(self, form: TranscriptFormat) -> None:
        """Ask where to save in this format."""
        if self._content().is_empty:
            self.said.emit(self.tr("There are no captions to save yet"))
            return
        now = QDateTime.currentDateTime().toString("yyyy-MM-dd-HHmm")
        self.files.to_save(
            self.tr("Save the transcript"),
            f"{format_names()[form]} (*.{form.value})",
            f"captions-{now}.{form.value}",
            lambda path: self._tasks.start(self._save(path, form), name="save-transcript"),
        )

    async def _save(self, path: Path, form: TranscriptFormat) -> None:
        try:
            await asyncio.to_thread(self._content().write, form, path)
        except CaptionerError as error:
            texts = (said(text) for text in (error.message, error.hint) if text)
            self.said.emit(f"\u26a0 {' '.join(texts)}")
        else:
            self.said.emit(self.tr("The transcript is saved as {file}.").format(file=path))


def format_names() -> dict[TranscriptFormat, str]:
    """Return what a person calls each format, in the language of the windows."""
    translate = QCoreApplication.translate
    return {form: translate("TranscriptFormat", str(name)) for form, name in _NAMES.items()}
