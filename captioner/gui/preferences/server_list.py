"""The list of servers in their order, and the buttons that change it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QListWidget, QPushButton, QSizePolicy

_FEWEST_ROWS: Final = 2
_MOST_ROWS: Final = 6


class ServerList(QListWidget):
    """Names of servers; those in front may be locked.

    Signals:
        chosen: Another row is the current one.
        remove_wanted: The current one is to go.
        move_wanted: The current one is to go up (-1) or down (1).
    """

    chosen = Signal(int)
    remove_wanted = Signal()
    move_wanted = Signal(int)

    def __init__(self) -> None:
        """List nothing."""
        super().__init__()
        self._locked = 0
        self.setAlternatingRowColors(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.add_button = QPushButton(self.tr("A&dd server"))
        self.remove_button = QPushButton(self.tr("&Remove server"))
        self.up_button = QPushButton(self.tr("Move &up"))
        self.down_button = QPushButton(self.tr("Move do&wn"))
        self.remove_button.clicked.connect(self.remove_wanted)
        self.up_button.clicked.connect(lambda: self.move_wanted.emit(-1))
        self.down_button.clicked.connect(lambda: self.move_wanted.emit(1))
        self.currentRowChanged.connect(self._on_row)
        for keys, button in (
            (QKeySequence("Alt+Up"), self.up_button),
            (QKeySequence("Alt+Down"), self.down_button),
            (QKeySequence(QKeySequence.StandardKey.Delete), self.remove_button),
        ):
            shortcut = QShortcut(keys, self, context=Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(button.click)

    @property
    def buttons(self) -> tuple[QPushButton, ...]:
        """All buttons, in their order."""
        return self.add_button, self.remove_button, self.up_button, self.down_button

    def show_servers(self, names: Sequence[str], *, locked: int, current: int) -> None:
        """List ``names``, the first ``locked`` of which cannot be changed."""
        self._locked = locked
        with QSignalBlocker(self):
            if len(names) != self.count():
                self.clear()
                self.addItems(names)
                self.updateGeometry()
            for row, name in enumerate(names):
                self.item(row).setText(name)
            self.setCurrentRow(current)
        self._show_buttons()

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        """As high as the list is long, within limits."""
        rows = min(max(self.count(), _FEWEST_ROWS), _MOST_ROWS)
        height = int(rows * self.fontMetrics().height() * 1.4) + 2 * self.frameWidth()
        return QSize(super().sizeHint().width(), height)

    def minimumSizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        """Never higher than is asked for."""
        return QSize(super().minimumSizeHint().width(), self.sizeHint().height())

    def _on_row(self, row: int) -> None:
        self._show_buttons()
        self.chosen.emit(row)

    def _show_buttons(self) -> None:
        row = self.currentRow()
        is_free = row >= self._locked
        self.remove_button.setEnabled(is_free)
        self.up_button.setEnabled(is_free and row > self._locked)
        self.down_button.setEnabled(is_free and row < self.count() - 1)
