"""The window of past transcripts: all that is kept, to be searched, read, saved and deleted."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from PySide6.QtCore import QRect, QSignalBlocker, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QHideEvent,
    QKeySequence,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from captioner.core.errors import CaptionerError
from captioner.gui.clearance import step_aside
from captioner.gui.desk import Desk
from captioner.gui.preferences.message_bar import announce
from captioner.gui.text.sentences import said
from captioner.gui.transcript.past_lines import Choice, KeptContent, choices, delete_run, lines
from captioner.gui.transcript.saving import SaveButton
from captioner.gui.transcript.view import TranscriptView
from captioner.settings.history import history_file
from captioner.transcript.record import Entry

_LETTERS_WIDE: Final = 120
_LINES_HIGH: Final = 28
_TYPING_MS: Final = 200
_CHOICE: Final = Qt.ItemDataRole.UserRole


class PastWindow(QWidget):
    """On the left what there is, on the right what was said.

    Attributes:
        words: What is searched for.
        found: The transcripts, or the captions in which the words are.
        view: The chosen one.
        question: Asks before something is deleted; None while nothing is asked.
    """

    def __init__(self, desk: Desk) -> None:
        """Build it; `open` shows it."""
        super().__init__()
        self.setWindowTitle(self.tr("Captioner past transcripts"))
        self._desk = desk
        self._shown: int | None = None
        self._asked = 0
        self.question: QMessageBox | None = None
        self.words = QLineEdit()
        self.words.setPlaceholderText(self.tr("Words, or their beginnings"))
        self.words.setClearButtonEnabled(True)
        self.found = QListWidget()
        self.found.setAccessibleName(self.tr("Transcripts"))
        self.found.setWordWrap(True)
        self.view = TranscriptView()
        self.outcome = QLabel()
        self.outcome.setWordWrap(True)
        self.outcome.setTextFormat(Qt.TextFormat.PlainText)
        self.save_button = SaveButton(desk.tasks, self._content)
        self.delete_button = QPushButton(self.tr("&Delete…"))
        self.close_button = QPushButton(self.tr("C&lose"))
        self._typing = QTimer(self, singleShot=True, interval=_TYPING_MS)
        self._lay_out()
        self._connect()
        self._show_lines(None, [], "")

    def open(self, *, clear_of: QRect | None = None) -> None:
        """Show it in front, not where ``clear_of`` would cover it."""
        if clear_of is not None and not self.isVisible():
            step_aside(self, clear_of)
        self.show()
        self.raise_()
        self.activateWindow()
        self.words.setFocus(Qt.FocusReason.ActiveWindowFocusReason)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        """Look what there is."""
        super().showEvent(event)
        if not event.spontaneous():
            self._look()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  # Qt's name
        """Let go of all text."""
        super().hideEvent(event)
        if not event.spontaneous():
            self.save_button.files.close()
            if self.question is not None:
                self.question.reject()
            with QSignalBlocker(self.found):
                self.found.clear()
            self._show_lines(None, [], "")
            self._say("")

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  # Qt's name
        """Hide; the next time it is there at once."""
        event.ignore()
        self.hide()

    @property
    def _file(self) -> Path:
        return history_file(self._desk.live.now.history, self._desk.paths.data_dir)

    def _lay_out(self) -> None:
        label = QLabel(self.tr("S&earch:"))
        label.setBuddy(self.words)
        search = QHBoxLayout()
        search.addWidget(label)
        search.addWidget(self.words, 1)
        halves = QSplitter()
        halves.setChildrenCollapsible(False)
        halves.addWidget(self.found)
        halves.addWidget(self.view)
        halves.setStretchFactor(0, 2)
        halves.setStretchFactor(1, 3)
        buttons = QHBoxLayout()
        for button in (self.save_button, self.delete_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.addLayout(search)
        column.addWidget(halves, 1)
        column.addWidget(self.outcome)
        column.addLayout(buttons)
        self.outcome.hide()
        letter = self.fontMetrics()
        self.resize(_LETTERS_WIDE * letter.averageCharWidth(), _LINES_HIGH * letter.height())

    def _connect(self) -> None:
        self.words.textChanged.connect(self._typing.start)
        self._typing.timeout.connect(self._look)
        self.found.currentItemChanged.connect(self._on_chosen)
        self.save_button.said.connect(self._say)
        self.delete_button.clicked.connect(self._ask_to_delete)
        self.close_button.clicked.connect(self.hide)
        for key, slot in (
            (QKeySequence.StandardKey.Find, self.words.setFocus),
            (QKeySequence.StandardKey.Save, self.save_button.showMenu),
            (QKeySequence.StandardKey.Close, self.hide),
        ):
            QShortcut(key, self).activated.connect(slot)

    def _look(self) -> None:
        self._desk.tasks.start(self._looked(), name="look-into-history")

    async def _looked(self) -> None:
        self._asked += 1
        asked, words = self._asked, self.words.text()
        try:
            found = await asyncio.to_thread(choices, self._file, words)
        except CaptionerError as error:
            self._tell_trouble(error)
            return
        if asked == self._asked and self.isVisible():
            self._show_choices(found, words)

    def _show_choices(self, found: list[Choice], words: str) -> None:
        with QSignalBlocker(self.found):
            self.found.clear()
            for each in found:
                item = QListWidgetItem(each.title)
                item.setData(_CHOICE, each)
                self.found.addItem(item)
        if found:
            self._say("")
            self.found.setCurrentRow(0)
        else:
            self._show_lines(None, [], "")
            self._say(
                self.tr("Nothing was found.")
                if words.strip()
                else self.tr("There are no transcripts yet.")
            )

    def _on_chosen(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            work = self._opened(item.data(_CHOICE), self.words.text())
            self._desk.tasks.start(work, name="open-past-transcript")

    async def _opened(self, choice: Choice, words: str) -> None:
        try:
            entries, place = await asyncio.to_thread(lines, self._file, choice)
        except CaptionerError as error:
            self._tell_trouble(error)
            return
        current: QListWidgetItem | None = self.found.currentItem()
        is_wanted = current is not None and current.data(_CHOICE) == choice
        if not is_wanted or not self.isVisible():
            return
        self._show_lines(choice.run, entries, words, place)

    def _show_lines(
        self, run: int | None, entries: list[Entry], words: str, place: int = 0
    ) -> None:
        self._shown = run
        # The view marks one phrase: the longest of the words.
        self.view.search(max(words.replace('"', " ").split(), key=len, default=""))
        self.view.fill(entries, has_times=True, place=place)
        for button in (self.save_button, self.delete_button):
            button.setEnabled(run is not None)

    def _content(self) -> KeptContent:
        return KeptContent(self._file, self._shown)

    def _ask_to_delete(self) -> None:
        if self._shown is None:
            return
        run = self._shown
        question = self.question = QMessageBox(
            QMessageBox.Icon.Warning,
            self.tr("Delete the transcript"),
            self.tr("Delete this transcript for good?"),
            QMessageBox.StandardButton.Cancel,
            self,
        )
        delete = question.addButton(self.tr("&Delete"), QMessageBox.ButtonRole.DestructiveRole)
        question.setDefaultButton(QMessageBox.StandardButton.Cancel)
        delete.clicked.connect(
            lambda: self._desk.tasks.start(self._deleted(run), name="delete-transcript")
        )
        question.finished.connect(self._forget_question)
        question.open()

    def _forget_question(self) -> None:
        if self.question is not None:
            self.question.deleteLater()
            self.question = None

    async def _deleted(self, run: int) -> None:
        try:
            await asyncio.to_thread(delete_run, self._file, run)
        except CaptionerError as error:
            self._tell_trouble(error)
        else:
            await self._looked()
            self._say(self.tr("The transcript is deleted."))

    def _tell_trouble(self, error: CaptionerError) -> None:
        texts = (said(text) for text in (error.message, error.hint) if text)
        self._say(f"\u26a0 {' '.join(texts)}")

    def _say(self, text: str) -> None:
        self.outcome.setText(text)
        self.outcome.setVisible(bool(text))
        if text:
            announce(self.outcome, text)
