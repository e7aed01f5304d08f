"""Entries of a transcript as lines of a text."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterable
from typing import Final

from PySide6.QtCore import QMimeData, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QTextBlock, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from captioner.gui.transcript.backlog import Backlog
from captioner.gui.transcript.style import LineStyle
from captioner.transcript.record import Entry, EntryKind

_STEP_S: Final = 0.008
"""So long lines are written before captions and keys have their turn."""


class TranscriptLines(QPlainTextEdit):
    """A line for each entry. It follows the newest one unless its reader has gone elsewhere.

    Attributes:
        entries: What is written, a line each; others may wait.

    Signals:
        following_changed: It follows now (True), or stays.
        rewritten: Many lines are there, or gone, at once.
        line_written: The line of this number is new, or reads otherwise.
        moved: Other lines are seen than before.
    """

    following_changed = Signal(bool)
    rewritten = Signal()
    line_written = Signal(int)
    moved = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Begin empty."""
        super().__init__(parent)
        self.setUndoRedoEnabled(False)
        option = self.document().defaultTextOption()
        option.setTextDirection(Qt.LayoutDirection.LayoutDirectionAuto)  # of each line for itself
        self.document().setDefaultTextOption(option)
        self.entries: list[Entry] = []
        self._serials: list[int] = []
        self._lines: list[str] = []
        self._has_times = True
        self._is_following = True
        self._is_writing = False
        self._is_arriving = False
        self._top = 0
        self._backlog = Backlog()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._write_waiting)
        self._style = LineStyle(self.palette())
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self.verticalScrollBar().actionTriggered.connect(self._on_reader_moved)
        self.selectionChanged.connect(self._on_scrolled)

    @property
    def is_following(self) -> bool:
        """Whether it goes along with the newest line."""
        return self._is_following

    def fill(self, entries: Iterable[Entry], *, has_times: bool, place: int | None = None) -> None:
        """Show ``entries`` instead of what was shown, and stay with the line that was on top.

        The lines that are read first are there at once, the others come by and by.

        Args:
            entries: In order.
            has_times: Whether lines begin with the time.
            place: Serial of the entry to go to instead.
        """
        entries = list(entries)
        if self._serials and not self._is_following:
            self._top = self._serials[self.firstVisibleBlock().blockNumber()]
        self._is_following = self._is_following and place is None
        self._is_arriving = place is not None
        top = None if self._is_following else self._top if place is None else place
        self._has_times = has_times
        speakers = dict.fromkeys([*self._style.speakers, *(each.channel for each in entries)])
        self._style = LineStyle(self.palette(), filter(None, speakers))
        self._is_writing = True
        self.clear()
        self.entries, self._serials, self._lines = [], [], []
        self._backlog = Backlog(entries, top)
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        for entry in self._backlog.first:
            self._append(entry)
        cursor.endEditBlock()
        self._is_writing = False
        if top is None:
            self.follow()
        elif place is None:
            self.verticalScrollBar().setValue(self._block_of(top).firstLineNumber())
        else:
            self.setTextCursor(QTextCursor(self._block_of(place)))
            self.centerCursor()
        if self._backlog:
            self._soon.start()
        else:
            self._soon.stop()
        self.rewritten.emit()

    def show_entry(self, entry: Entry) -> None:
        """Show an entry that is new, or reads otherwise than before."""
        if self._backlog.put(entry):
            return
        number = bisect_left(self._serials, entry.serial)
        is_known = number < len(self._serials) and self._serials[number] == entry.serial
        self._is_writing = True
        if is_known and entry.is_final and not entry.text:
            self._remove(number)
        elif is_known:
            cursor = QTextCursor(self.document().findBlockByNumber(number))
            cursor.beginEditBlock()
            cursor.movePosition(
                QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor
            )
            cursor.removeSelectedText()
            self.entries[number] = entry
            self._lines[number] = self._write(cursor, entry)
            cursor.endEditBlock()
            self.line_written.emit(number)
        else:
            self._append(entry)
            self.line_written.emit(len(self.entries) - 1)
        self._is_writing = False
        if self._is_following:
            self._to_end()

    def drop(self, serial: int) -> None:
        """Show nothing older than the entry ``serial``."""
        kept = [each for each in self._all() if each.serial >= serial]
        self.fill(kept, has_times=self._has_times)

    def follow(self) -> None:
        """Go to the newest line and along with it."""
        if not self._backlog.is_at_end:
            self._is_following = True
            self.following_changed.emit(True)  # noqa: FBT003  # a signal has no names
            self.fill(self._all(), has_times=self._has_times)
            return
        cursor = self.textCursor()
        cursor.movePosition(QTextCursor.MoveOperation.End)
        self.setTextCursor(cursor)
        self._to_end()
        self._on_scrolled()

    def text(self) -> str:
        """Return all that is shown, without what may still change."""
        above, below = (
            [(entry, self._line(entry)) for entry in part if not _is_gone(entry)]
            for part in (self._backlog.above, self._backlog.below)
        )
        written = zip(self.entries, self._lines, strict=True)
        return "\n".join(
            line
            for entry, line in (*above, *written, *below)
            if entry.kind is not EntryKind.PARTIAL
        )

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """Break the lines anew, and follow all the same."""
        self._is_writing = True
        super().resizeEvent(event)
        self._is_writing = False
        if self._is_arriving:  # a scroll bar takes room from the lines
            self.centerCursor()
        elif self._is_following:
            self._to_end()
        self.moved.emit()

    def createMimeDataFromSelection(self) -> QMimeData:  # noqa: N802  # Qt's name
        """Copy what is selected, without what may still change."""
        cursor = self.textCursor()
        first = self.document().findBlock(cursor.selectionStart())
        lines = cursor.selection().toPlainText().split("\n")
        kept = [
            line
            for number, line in enumerate(lines, first.blockNumber())
            if self.entries[number].kind is not EntryKind.PARTIAL
        ]
        # The clipboard outlives Python, whose own objects would crash then; Qt's fills itself once.
        data = super().createMimeDataFromSelection()
        if data.text():
            data.clear()
        data.setText("\n".join(kept))
        return data

    def _all(self) -> list[Entry]:
        return [*self._backlog.above, *self.entries, *self._backlog.below]

    def _write_waiting(self) -> None:
        """Write some of the lines that wait, and see to the others soon; what is read stays put."""
        bar = self.verticalScrollBar()
        top = QTextCursor(self.firstVisibleBlock())
        below_top = bar.value() - top.block().firstLineNumber()
        self._is_writing = True
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        end = time.perf_counter() + _STEP_S
        while time.perf_counter() < end and (entry := self._backlog.next_below()):
            self._append(entry)
        above: list[Entry] = []
        lines: list[str] = []
        while time.perf_counter() < end and (entry := self._backlog.next_above()):
            self._prepend(entry, above, lines)
        self.entries[:0], self._lines[:0] = above[::-1], lines[::-1]
        self._serials[:0] = [each.serial for each in reversed(above)]
        cursor.endEditBlock()
        if self._is_arriving:
            self.centerCursor()
        elif self._is_following:
            self._to_end()
        else:
            bar.setValue(top.block().firstLineNumber() + below_top)
        self._is_writing = False
        if self._backlog:
            self._soon.start()
        else:
            self.rewritten.emit()
            self._is_arriving = False
            self._on_scrolled()

    def _append(self, entry: Entry) -> None:
        if _is_gone(entry):
            return
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        if self.entries:
            cursor.insertBlock()
        self.entries.append(entry)
        self._serials.append(entry.serial)
        self._lines.append(self._write(cursor, entry))

    def _prepend(self, entry: Entry, above: list[Entry], lines: list[str]) -> None:
        if _is_gone(entry):
            return
        cursor = QTextCursor(self.document())
        lines.append(self._write(cursor, entry))
        if self.entries or above:
            cursor.insertBlock()
        above.append(entry)

    def _remove(self, number: int) -> None:
        """Take a line out: its words were taken back."""
        cursor = QTextCursor(self.document().findBlockByNumber(number))
        cursor.select(QTextCursor.SelectionType.BlockUnderCursor)
        cursor.removeSelectedText()
        if number == 0:
            cursor.deleteChar()
        del self.entries[number], self._serials[number], self._lines[number]
        self.rewritten.emit()

    def _write(self, cursor: QTextCursor, entry: Entry) -> str:
        """Write an entry at ``cursor``; return the line."""
        pieces = self._style.pieces(entry, has_time=self._has_times)
        for text, look in pieces:
            cursor.insertText(text, look)
        return "".join(text for text, _look in pieces)

    def _line(self, entry: Entry) -> str:
        pieces = self._style.pieces(entry, has_time=self._has_times)
        return "".join(text for text, _look in pieces)

    def _block_of(self, serial: int) -> QTextBlock:
        number = bisect_left(self._serials, serial)
        return self.document().findBlockByNumber(min(number, max(0, len(self._serials) - 1)))

    def _to_end(self) -> None:
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum())

    def _on_reader_moved(self) -> None:
        self._is_arriving = False

    def _on_scrolled(self) -> None:
        if self._is_writing:
            return
        bar = self.verticalScrollBar()
        is_at_end = self._backlog.is_at_end and bar.value() >= bar.maximum()
        is_following = is_at_end and not self.textCursor().hasSelection()
        self.moved.emit()
        if is_following != self._is_following:
            self._is_following = is_following
            self.following_changed.emit(is_following)


def _is_gone(entry: Entry) -> bool:
    """Whether its words were taken back."""
    return entry.is_final and not entry.text
