"""Icons, drawn instead of loaded: sharp at any size, and never missing from an installation."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPixmap, QPolygonF

from captioner.core.health import HealthState
from captioner.gui.health.mark import paint_mark

_SIZES: Final = (16, 22, 24, 32, 48, 64, 128)
_BUBBLE: Final = QColor("#1f2a37")
_RIM: Final = QColor("#e8edf2")
_WORDS: Final = QColor("#ffffff")


def app_icon() -> QIcon:
    """Return the program's own icon: a speech bubble with two lines of captions."""
    return _icon(None)


def health_icon(state: HealthState) -> QIcon:
    """Return the program's icon with the mark of ``state`` in its lower right corner."""
    return _icon(state)


def _icon(state: HealthState | None) -> QIcon:
    icon = QIcon()
    for size in _SIZES:
        pixmap = QPixmap(size, size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(size / 24, size / 24)
        _paint_bubble(painter)
        if state is not None:
            _paint_badge(painter, state)
        painter.end()
        icon.addPixmap(pixmap)
    return icon


def _paint_bubble(painter: QPainter) -> None:
    bubble = QPainterPath()
    bubble.addRoundedRect(QRectF(1, 2.5, 22, 15), 3.5, 3.5)
    tail = QPainterPath()
    tail.addPolygon(QPolygonF([QPointF(5, 16.5), QPointF(5, 22), QPointF(11, 16.5)]))
    tail.closeSubpath()
    # A light rim keeps the dark bubble visible on dark panels.
    painter.setPen(_RIM)
    painter.setBrush(_BUBBLE)
    painter.drawPath(bubble.united(tail))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_WORDS)
    painter.drawRoundedRect(QRectF(4.5, 6.5, 15, 2.2), 1, 1)
    painter.drawRoundedRect(QRectF(4.5, 11, 9, 2.2), 1, 1)


def _paint_badge(painter: QPainter, state: HealthState) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("#101418"))
    painter.drawEllipse(QRectF(11.5, 11.5, 12.5, 12.5))
    inset = 3.4 if state in (HealthState.STOPPED, HealthState.FAILED) else 2.4
    paint_mark(
        painter, QRectF(11.5, 11.5, 12.5, 12.5).adjusted(inset, inset, -inset, -inset), state
    )
