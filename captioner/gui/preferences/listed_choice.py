"""A field for something of which a server has a list: chosen from it, or typed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QLineEdit


class ListedChoice(QComboBox):
    """An editable list.

    Signals:
        entered: What was chosen or typed; empty for the first entry, where that means "whatever".
    """

    entered = Signal(str)

    def __init__(self, whatever: str = "") -> None:
        """List nothing but ``whatever``, if the value may be empty."""
        super().__init__()
        self._whatever = whatever
        self._listed: tuple[str, ...] = ()
        self.line = QLineEdit()
        self.setLineEdit(self.line)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.setMinimumContentsLength(24)
        self.line.setPlaceholderText(whatever)
        self._fill()
        self.textActivated.connect(self._enter)
        self.line.textEdited.connect(self._enter)

    @property
    def listed(self) -> tuple[str, ...]:
        """What can be chosen."""
        return self._listed

    def show_value(self, value: str) -> None:
        """Show ``value`` without telling anybody."""
        if value != self._value(self.currentText()):
            self.setEditText(value or self._whatever)

    def show_listed(self, values: Sequence[str]) -> None:
        """Offer ``values``; what is entered stays."""
        if (listed := tuple(dict.fromkeys(values))) != self._listed:
            self._listed = listed
            self._fill()

    def _fill(self) -> None:
        text = self.currentText() or self._whatever
        with QSignalBlocker(self):
            self.clear()
            if self._whatever:
                self.addItem(self._whatever)
            self.addItems(self._listed)
            self.setEditText(text)

    def _enter(self, text: str) -> None:
        self.entered.emit(self._value(text))

    def _value(self, text: str) -> str:
        return "" if text == self._whatever else text.strip()
