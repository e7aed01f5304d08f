"""One of the first steps: what is chosen in it holds at once, and can be taken back whole."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from captioner.gui.desk import Desk
from captioner.settings.fields import all_values


class Step(QWidget):
    """Base of all steps.

    Attributes:
        fields: The settings that the step changes.
        fills_window: Whether what is in it grows with the window.

    Signals:
        touched: What was wrong with the step may be so no longer.
    """

    touched = Signal()

    fields: ClassVar[tuple[str, ...]] = ()
    fills_window: ClassVar[bool] = False

    def __init__(self, desk: Desk) -> None:
        """Begin an empty step."""
        super().__init__()
        self.desk = desk
        self._before: dict[str, object] = {}
        self.column = QVBoxLayout()
        # A layout that is aligned itself gives wrapped text too little height.
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addLayout(self.column, int(self.fills_window))
        if not self.fills_window:
            whole.addStretch(1)

    @property
    def title(self) -> str:
        """The question that it asks."""
        raise NotImplementedError

    @property
    def first(self) -> QWidget:
        """What takes the keys first."""
        raise NotImplementedError

    def begin(self) -> None:
        """The step is shown: look at what holds now."""
        self._before = self._values()

    def finish(self) -> str:
        """Keep what was chosen; return what is wrong with it, empty when it is fine."""
        return ""

    def skip(self) -> None:
        """Let everything be as it was before the step."""
        now = self._values()
        changes = {name: value for name, value in self._before.items() if value != now[name]}
        if changes:
            self.desk.live.change(changes)

    def paragraph(self, text: str, *, role: str = "") -> QLabel:
        """Return ``text`` as a paragraph of its own, below what there is."""
        label = QLabel(text)
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.PlainText)
        if role:
            label.setProperty("role", role)
        self.column.addWidget(label)
        return label

    def _values(self) -> dict[str, object]:
        loaded = self.desk.live.loaded
        values = all_values(loaded.settings)
        return {
            name: values[name] if "." in name else getattr(loaded.saved, name)
            for name in self.fields
        }
