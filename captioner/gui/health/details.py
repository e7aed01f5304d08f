"""Figures that few need, behind a button that shows and hides them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from captioner.core.counts import SessionCounts
from captioner.gui.desk import Desk
from captioner.gui.health.count_sheet import CountSheet
from captioner.gui.health.last_minutes import Second
from captioner.gui.health.trends import MoreTrends


class Details(QWidget):
    """Folded at first, and then nobody needs to fill it.

    Signals:
        turned: It was unfolded, or folded.
    """

    turned = Signal()

    def __init__(self, desk: Desk) -> None:
        """Begin folded; ``desk`` knows what is counted."""
        super().__init__()
        self._desk = desk
        self.button = _FoldButton()
        self.button.setText(self.tr("&Details"))
        self.trends = MoreTrends()
        self.counts = CountSheet()
        self._body = QWidget()
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(self.fontMetrics().height())
        body.addWidget(self.trends)
        body.addWidget(self.counts)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._body)
        self.button.toggled.connect(self._turn)
        self._turn(is_open=False)

    @property
    def is_open(self) -> bool:
        """Whether it is unfolded."""
        return self.button.isChecked()

    def lines(self) -> list[str]:
        """Return what is shown, a line each; nothing while it is folded."""
        return [*self.trends.lines(), *self.counts.lines()] if self.is_open else []

    def fill(self, seconds: Sequence[Second | None]) -> None:
        """Show what is counted now, and the last ten minutes, the oldest second first."""
        self.trends.show_seconds(seconds)
        self.counts.show_counts(self._desk.runner.read_counts() or SessionCounts())
        self.counts.show_engine(self._desk.runner.read_engine())
        history, feed = self._desk.history.failures, self._desk.feed.failures
        self.counts.show_failures(history=history, feed=feed)

    def _turn(self, is_open: bool) -> None:  # noqa: FBT001  # a slot
        is_from_right = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        folded = Qt.ArrowType.LeftArrow if is_from_right else Qt.ArrowType.RightArrow
        self.button.setArrowType(Qt.ArrowType.DownArrow if is_open else folded)
        self.button.setAccessibleDescription(
            self.tr("More figures are shown below") if is_open else self.tr("Shows more figures")
        )
        self._body.setVisible(is_open)
        self.turned.emit()


class _FoldButton(QToolButton):
    def __init__(self) -> None:
        super().__init__()
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setAutoRaise(True)
        self.setCheckable(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """Take Enter as the buttons around do; a dialog would press another one for it."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)
