"""The text of the transcript: it can be selected across lines, copied, and read aloud."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import Final

from PySide6.QtCore import QMimeData, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from captioner.gui.transcript.finder import Finder, Match
from captioner.gui.transcript.style import LineStyle
from captioner.transcript.record import Entry, EntryKind

_AT_ONCE: Final = 300


class TranscriptView(QPlainTextEdit):
    """A line for each entry. It follows the newest one unless its reader has gone elsewhere.

    Attributes:
        entries: What is shown, a line each.
        finder: The words that are searched for in it.

    Signals:
        following_changed: It follows now (True), or stays.
        found_changed: There are more or fewer places with the words that are searched for.
    """

    following_changed = Signal(bool)
    found_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Begin empty."""
        super().__init__(parent)
        self.setUndoRedoEnabled(False)
        option = self.document().defaultTextOption()
        option.setTextDirection(Qt.LayoutDirection.LayoutDirectionAuto)  # of each line for itself
        self.document().setDefaultTextOption(option)
        self.setTabChangesFocus(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setAccessibleName(self.tr("Transcript"))
        self.entries: list[Entry] = []
        self.finder = Finder()
        self._serials: list[int] = []
        self._lines: list[str] = []
        self._current: Match | None = None
        self._words = ""
        self._has_times = True
        self._is_following = True
        self._is_writing = False
        self._waiting: dict[int, Entry] = {}
        self._top = 0
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._write_waiting)
        self._style = LineStyle(self.palette())
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self.selectionChanged.connect(self._on_scrolled)

    @property
    def is_following(self) -> bool:
        """Whether it goes along with the newest line."""
        return self._is_following

    def fill(self, entries: Iterable[Entry], *, has_times: bool) -> None:
        """Show ``entries`` instead of what was shown; stay with the line that was on top.

        Very many are written by and by, so that captions go on meanwhile.
        """
        if self._serials and not self._waiting:
            self._top = self._serials[self.firstVisibleBlock().blockNumber()]
        self._has_times = has_times
        self._style = LineStyle(self.palette(), self._style.speakers)
        self._is_writing = True
        self.clear()
        self._is_writing = False
        self._current = None
        self.entries, self._serials, self._lines = [], [], []
        self.finder.search(self._words, [])
        self._waiting = {entry.serial: entry for entry in entries}
        self._write_waiting()

    def show_entry(self, entry: Entry) -> None:
        """Show an entry that is new, or reads otherwise than before."""
        if self._waiting and entry.serial >= next(iter(self._waiting)):
            self._waiting[entry.serial] = entry
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
            self._lines[number] = self._write(cursor, entry, is_first=True)
            cursor.endEditBlock()
            self._look_for_words(number)
        else:
            self._append(entry)
        self._is_writing = False
        if self._is_following:
            self._to_end()

    def drop(self, serial: int) -> None:
        """Show nothing older than the entry ``serial``."""
        kept = [*self.entries, *self._waiting.values()]
        self.fill([each for each in kept if each.serial >= serial], has_times=self._has_times)

    def follow(self) -> None:
        """Go to the newest line and along with it."""
        cursor = self.textCursor()
        cursor.movePosition(QTextCursor.MoveOperation.End)
        self.setTextCursor(cursor)
        self._to_end()
        self._on_scrolled()

    def text(self) -> str:
        """Return all that is shown, without what may still change."""
        while self._waiting:
            self._write_waiting()
        return "\n".join(
            line
            for entry, line in zip(self.entries, self._lines, strict=True)
            if entry.kind is not EntryKind.PARTIAL
        )

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """Break the lines anew, and follow all the same."""
        self._is_writing = True
        super().resizeEvent(event)
        self._is_writing = False
        if self._is_following:
            self._to_end()
        self._mark()

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

    def search(self, words: str) -> None:
        """Mark ``words`` wherever they stand."""
        self._words = words
        self._current = None
        self.finder.search(words, self._lines)
        self._mark()
        self.found_changed.emit()

    def go_to_match(self, *, backwards: bool = False) -> None:
        """Select the next place with the words that are searched for."""
        cursor = self.textCursor()
        place = cursor.selectionStart() if backwards else cursor.selectionEnd()
        block = self.document().findBlock(place)
        match = self.finder.next_from(
            block.blockNumber(), place - block.position(), backwards=backwards
        )
        self._current = match
        if match is not None:
            start = self.document().findBlockByNumber(match.line).position() + match.start
            cursor.setPosition(start)
            cursor.setPosition(start + match.length, QTextCursor.MoveMode.KeepAnchor)
            self.setTextCursor(cursor)
            self.centerCursor()
        self._mark()
        self.found_changed.emit()

    @property
    def current_number(self) -> int:
        """Which of the places is the one that was gone to; 0 for none."""
        return 0 if self._current is None else self.finder.number_of(self._current)

    def _write_waiting(self) -> None:
        """Write some of the lines that wait, and see to the others soon."""
        self._is_writing = True
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        for serial in list(self._waiting)[:_AT_ONCE]:
            self._append(self._waiting.pop(serial))
        cursor.endEditBlock()
        self._is_writing = False
        if self._waiting:
            self._soon.start()
            return
        self._soon.stop()
        self.search(self._words)
        if self._is_following:
            self.follow()
        else:
            number = min(bisect_left(self._serials, self._top), max(0, len(self._serials) - 1))
            self.verticalScrollBar().setValue(
                self.document().findBlockByNumber(number).firstLineNumber()
            )

    def _append(self, entry: Entry) -> None:
        if entry.is_final and not entry.text:
            return
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        self.entries.append(entry)
        self._serials.append(entry.serial)
        cursor.beginEditBlock()
        self._lines.append(self._write(cursor, entry, is_first=len(self.entries) == 1))
        cursor.endEditBlock()
        if not self._waiting:
            self._look_for_words(len(self.entries) - 1)

    def _remove(self, number: int) -> None:
        """Take a line out: its words were taken back."""
        cursor = QTextCursor(self.document().findBlockByNumber(number))
        cursor.select(QTextCursor.SelectionType.BlockUnderCursor)
        cursor.removeSelectedText()
        if number == 0:
            cursor.deleteChar()
        del self.entries[number], self._serials[number], self._lines[number]
        self.search(self._words)

    def _write(self, cursor: QTextCursor, entry: Entry, *, is_first: bool) -> str:
        """Write an entry at ``cursor``, on a line of its own; return the line."""
        if not is_first:
            cursor.insertBlock()
        pieces = self._style.pieces(entry, has_time=self._has_times)
        for text, look in pieces:
            cursor.insertText(text, look)
        return "".join(text for text, _look in pieces)

    def _look_for_words(self, number: int) -> None:
        count = len(self.finder.matches)
        self.finder.changed(number, self._lines[number])
        if self._words:
            self._mark()
        if len(self.finder.matches) != count:
            self.found_changed.emit()

    def _mark(self) -> None:
        """Mark the places that can be seen; there may be very many others."""
        marks: list[QTextEdit.ExtraSelection] = []
        if self._words:
            block = self.firstVisibleBlock()
            first = last = block.blockNumber()
            bottom = self.viewport().height()
            while block.isValid():
                top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
                if top > bottom:
                    break
                last, block = block.blockNumber(), block.next()
            marks = [self._mark_of(match) for match in self.finder.between(first, last)]
        self.setExtraSelections(marks)

    def _mark_of(self, match: Match) -> QTextEdit.ExtraSelection:
        mark = QTextEdit.ExtraSelection()
        start = self.document().findBlockByNumber(match.line).position() + match.start
        cursor = QTextCursor(self.document())
        cursor.setPosition(start)
        cursor.setPosition(start + match.length, QTextCursor.MoveMode.KeepAnchor)
        found = QTextCharFormat()
        found.setBackground(Qt.GlobalColor.yellow)
        found.setForeground(Qt.GlobalColor.black)
        found.setFontUnderline(True)
        mark.cursor, mark.format = cursor, found
        return mark

    def _to_end(self) -> None:
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum())

    def _on_scrolled(self) -> None:
        if self._is_writing:
            return
        bar = self.verticalScrollBar()
        is_following = bar.value() >= bar.maximum() and not self.textCursor().hasSelection()
        if self._words:
            self._mark()
        if is_following != self._is_following:
            self._is_following = is_following
            self.following_changed.emit(is_following)
