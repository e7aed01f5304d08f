"""The field that searches the transcript."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget


class SearchBar(QWidget):
    """Words to search for, where they stand, and how often.

    Signals:
        words_changed: Other words are searched for.
        next_wanted, previous_wanted: The next place is wanted, or the one before.
        left: The user is done with it.
    """

    words_changed = Signal(str)
    next_wanted = Signal()
    previous_wanted = Signal()
    left = Signal()

    def __init__(self) -> None:
        """Search for nothing."""
        super().__init__()
        label = QLabel(self.tr("&Find:"))
        self.words = QLineEdit()
        self.words.setClearButtonEnabled(True)
        self.words.setAccessibleName(self.tr("Words to find"))
        label.setBuddy(self.words)
        self.previous = QPushButton(self.tr("&Previous"))
        self.next = QPushButton(self.tr("&Next"))
        self.count = QLabel()
        self.count.setAccessibleName(self.tr("Places found"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(label)
        row.addWidget(self.words, 1)
        for widget in (self.count, self.previous, self.next):
            row.addWidget(widget)
        self.words.textChanged.connect(self.words_changed)
        self.previous.clicked.connect(self.previous_wanted)
        self.next.clicked.connect(self.next_wanted)
        self.show_found(0, 0)

    def show_found(self, number: int, count: int) -> None:
        """Say in how many places the words stand, and in which of them the reader is."""
        if not self.words.text().strip():
            text = ""
        elif count == 0:
            text = self.tr("Not found")
        elif number == 0 and count == 1:
            text = self.tr("1 place")
        elif number == 0:
            text = self.tr("{count} places").format(count=count)
        else:
            text = self.tr("{number} of {count}").format(number=number, count=count)
        self.count.setText(text)
        for button in (self.previous, self.next):
            button.setEnabled(count > 0)

    def begin(self) -> None:
        """Take the keyboard."""
        self.words.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.words.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """Enter goes on, with Shift back; Escape leaves."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            is_back = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            (self.previous_wanted if is_back else self.next_wanted).emit()
        elif event.key() == Qt.Key.Key_Escape and self.words.text():
            self.words.clear()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)
