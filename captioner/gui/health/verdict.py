"""The mark, the sentence and the hint, large enough to be read first."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from captioner.core.health import Health, HealthState
from captioner.gui.health.labels import readable
from captioner.gui.health.mark import health_text, paint_mark, state_name

_GROUND: Final = QColor("#101418")
"""The colours of the marks are made for the dark ground of captions."""


class Verdict(QWidget):
    """What the health dot stands for, in words."""

    def __init__(self) -> None:
        """Say nothing yet."""
        super().__init__()
        self.health = Health(HealthState.STARTING, "")
        self._mark = _Mark()
        self._state = readable(QLabel())
        self._sentence = readable(QLabel())
        self._hint = readable(QLabel())
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 1.2)
        font.setBold(True)
        self._sentence.setFont(font)
        words = QVBoxLayout()
        for label in (self._state, self._sentence, self._hint):
            words.addWidget(label)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(self.fontMetrics().height())
        row.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)

    @property
    def text(self) -> str:
        """The sentence and, on a line of its own, the hint."""
        return health_text(self.health)

    def show_health(self, health: Health) -> bool:
        """Show ``health``; return whether it is another one than before."""
        is_news = health != self.health
        self.health = health
        self._mark.show_state(health.state)
        self._state.setText(state_name(health.state))
        self._sentence.setText(health.sentence)
        self._hint.setText(health.hint)
        self._hint.setVisible(bool(health.hint))
        return is_news


class _Mark(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._state = HealthState.STARTING
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_state(self, state: HealthState) -> None:
        self._state = state
        self.setAccessibleName(state_name(state))
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        edge = round(2.4 * self.fontMetrics().height())
        return QSize(edge, edge)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_GROUND)
        painter.drawRoundedRect(area, area.width() / 5, area.width() / 5)
        margin = area.width() * 0.24
        paint_mark(painter, area.adjusted(margin, margin, -margin, -margin), self._state)
        painter.end()
