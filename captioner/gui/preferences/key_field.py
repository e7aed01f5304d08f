"""Where a key is entered by pressing it, and the line that a desktop can be told instead."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

_FORMAT = QKeySequence.SequenceFormat.PortableText


class KeyField(QWidget):
    """A key, and a way back to the one it had at first.

    Signals:
        entered: Another key, as the settings write it; empty for none.
        listening: Whether keys are waited for, which no other part of the program may take then.
    """

    entered = Signal(str)
    listening = Signal(bool)

    def __init__(self, default: str) -> None:
        """Show no key; ``default`` is what it goes back to."""
        super().__init__()
        self._default = default
        self.edit = _KeyEdit()
        self.edit.keySequenceChanged.connect(lambda keys: self.entered.emit(keys.toString(_FORMAT)))
        self.edit.listening.connect(self.listening)
        self.reset_button = QPushButton(self.tr("Default"))
        self.reset_button.setAutoDefault(False)
        self.reset_button.clicked.connect(self._reset)
        self._problem = QLabel()
        self._problem.setWordWrap(True)
        self._problem.setProperty("role", "problem")
        self._problem.hide()
        self.setFocusProxy(self.edit)
        line = QHBoxLayout()
        line.addWidget(self.edit, 1)
        line.addWidget(self.reset_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(line)
        column.addWidget(self._problem)

    def show_key(self, key: str) -> None:
        """Show ``key`` without telling anybody."""
        keys = QKeySequence(key, _FORMAT)
        if keys != self.edit.keySequence():
            self.edit.blockSignals(True)  # noqa: FBT003  # Qt's own
            self.edit.setKeySequence(keys)
            self.edit.blockSignals(False)  # noqa: FBT003  # Qt's own

    def show_problem(self, sentence: str) -> None:
        """Say what is wrong with the key; empty takes that back."""
        self._problem.setText(f"\u26a0 {sentence}")
        self._problem.setVisible(bool(sentence))

    def name_parts(self, name: str) -> None:
        """Let the button say what it is for: there is one a row."""
        label = self.tr("Default key for: {name}").format(name=name)
        self.reset_button.setAccessibleName(label)
        self.reset_button.setToolTip(
            QKeySequence(self._default, _FORMAT).toString(QKeySequence.SequenceFormat.NativeText)
            or self.tr("No key")
        )

    def _reset(self) -> None:
        self.edit.setKeySequence(QKeySequence(self._default, _FORMAT))


class CommandField(QWidget):
    """A command to be copied into the settings of the desktop."""

    def __init__(self, command: str, copied: Callable[[], None]) -> None:
        """Show ``command``; ``copied`` is called when it is in the clipboard."""
        super().__init__()
        self.line = QLineEdit(command)
        self.line.setReadOnly(True)
        self.line.setCursorPosition(0)
        self.copy_button = QPushButton(self.tr("Copy"))
        self.copy_button.setAutoDefault(False)
        self.copy_button.clicked.connect(lambda: QGuiApplication.clipboard().setText(command))
        self.copy_button.clicked.connect(copied)
        self.setFocusProxy(self.line)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.line, 1)
        row.addWidget(self.copy_button)

    def name_parts(self, name: str) -> None:
        """Let the button say what it is for: there is one a row."""
        self.copy_button.setAccessibleName(
            self.tr("Copy the command for: {name}").format(name=name)
        )


class _KeyEdit(QKeySequenceEdit):
    """Takes one combination. Backspace and Delete alone take it away, Tab and Esc go on."""

    listening = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.setMaximumSequenceLength(1)
        self.setClearButtonEnabled(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        if event.modifiers() == Qt.KeyboardModifier.NoModifier:
            if event.key() in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete):
                self.clear()
                return
            if event.key() == Qt.Key.Key_Escape:
                event.ignore()  # the dialog's
                return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802  # Qt's name
        super().focusInEvent(event)
        self.listening.emit(True)  # noqa: FBT003  # a signal's argument

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802  # Qt's name
        super().focusOutEvent(event)
        self.listening.emit(False)  # noqa: FBT003  # a signal's argument
