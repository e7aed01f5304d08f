"""The small line above the captions: what is heard, what is wrong, what is only a mock."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QStyle, QWidget

from captioner.gui.overlay.look import MOCK, QUIET_TEXT, Look

_GROUND_MARGIN: Final = 4


class StatusLine(QWidget):
    """One line of small text, with a badge in front of it that cannot be overlooked."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        """Begin empty."""
        super().__init__(parent)
        self._look = look
        self._badge = ""
        self._text = ""
        self.setAttribute(Qt.WidgetAttribute.WA_AlwaysShowToolTips)
        self.setAccessibleName(self.tr("Status"))
        self.paints = 0

    @property
    def text(self) -> str:
        """What it says, badge included; not shortened."""
        return " · ".join(filter(None, [self._badge, self._text]))

    def show_text(self, text: str, *, badge: str = "") -> None:
        """Say something else; paints nothing when it says it already."""
        if (badge, text) != (self._badge, self._text):
            self._badge, self._text = badge, text
            self.setAccessibleDescription(self.text)
            self.update()

    def restyle(self, look: Look) -> None:
        """Paint with ``look`` from now on."""
        self._look = look
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        """Paint badge and text; what does not fit ends in an ellipsis."""
        self.paints += 1
        painter = QPainter(self)
        painter.setFont(self._look.small_font)
        metrics = painter.fontMetrics()
        place = QRect(self.rect())
        if self._look.status_ground is not None and self.text:
            width = metrics.horizontalAdvance(self.text) + 2 * _GROUND_MARGIN
            ground = self._mirrored(QRect(0, 0, width, self.height()))
            painter.fillRect(ground, self._look.status_ground)
            place.adjust(_GROUND_MARGIN, 0, -_GROUND_MARGIN, 0)
        align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        if self._badge:
            painter.setPen(MOCK)
            painter.drawText(place, align, self._badge)
            place.setLeft(place.left() + metrics.horizontalAdvance(f"{self._badge}   "))
            place = self._mirrored(place)
        painter.setPen(QUIET_TEXT)
        text = metrics.elidedText(self._text, Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, align, text)
        painter.end()

    def _mirrored(self, place: QRect) -> QRect:
        """Return ``place``, which is counted from the side where reading begins."""
        return QStyle.visualRect(self.layoutDirection(), self.rect(), place)
