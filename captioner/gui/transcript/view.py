"""The text of the transcript: it can be selected across lines, searched, and read aloud."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QTextEdit, QWidget

from captioner.gui.transcript.finder import Finder, Match
from captioner.gui.transcript.lines import TranscriptLines


class TranscriptView(TranscriptLines):
    """Lines in which words can be searched for.

    Attributes:
        finder: The words that are searched for, and where they are.

    Signals:
        found_changed: There are more or fewer places with the words that are searched for.
    """

    found_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Begin empty."""
        super().__init__(parent)
        self.setTabChangesFocus(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setAccessibleName(self.tr("Transcript"))
        self.finder = Finder()
        self._current: Match | None = None
        self._words = ""
        self.rewritten.connect(lambda: self.search(self._words))
        self.line_written.connect(self._look_for_words)
        self.moved.connect(self._mark)

    def search(self, words: str) -> None:
        """Mark ``words`` wherever they stand, as soon as all lines are there."""
        self._words = words
        self._current = None
        self.finder.search(words, [] if self._backlog else self._lines)
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
