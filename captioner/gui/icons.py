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
_BADGE: Final = QColor("#101418")
_OF_LINES: Final = (HealthState.STOPPED, HealthState.FAILED)
"""Marks whose lines have to be thick where 16 pixels are all there is."""

_WELL: Final = (HealthState.LISTENING, HealthState.DEGRADED)


def app_icon() -> QIcon:
    """Return the program's own icon: a speech bubble with two lines of captions."""
    return _icon(None)


def health_icon(state: HealthState, *, is_held: bool = False) -> QIcon:
    """Return the program's icon with the mark of ``state`` in its lower right corner.

    Args:
        state: How things are.
        is_held: Whether the captions stand still; two bars say so, unless trouble comes first.
    """
    return _icon(state, is_held=is_held and state in _WELL)


def _icon(state: HealthState | None, *, is_held: bool = False) -> QIcon:
    icon = QIcon()
    for size in _SIZES:
        pixmap = QPixmap(size, size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(size / 24, size / 24)
        _paint_bubble(painter)
        if state is not None:
            _paint_badge(painter, state, is_held=is_held)
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


def _paint_badge(painter: QPainter, state: HealthState, *, is_held: bool) -> None:
    badge = QRectF(11.5, 11.5, 12.5, 12.5)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_BADGE)
    painter.drawEllipse(badge)
    if is_held:
        painter.setBrush(_WORDS)
        for left in (14.0, 19.0):
            painter.drawRect(QRectF(left, 14.4, 2.4, 6.8))
        return
    inset, stroke_share = (3.0, 0.24) if state in _OF_LINES else (2.2, 0.15)
    mark = badge.adjusted(inset, inset, -inset, -inset)
    paint_mark(painter, mark, state, stroke_share=stroke_share)
