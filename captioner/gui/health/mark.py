"""The health dot: one shape and one colour for each state, so that colour alone says nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import (
    QT_TRANSLATE_NOOP,
    QCoreApplication,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from captioner.core.health import Health, HealthState
from captioner.gui.overlay.look import HEALTH_COLOURS

_STATE_NAMES: Final = {
    HealthState.STOPPED: QT_TRANSLATE_NOOP("HealthState", "Stopped"),
    HealthState.STARTING: QT_TRANSLATE_NOOP("HealthState", "Starting"),
    HealthState.LISTENING: QT_TRANSLATE_NOOP("HealthState", "Listening"),
    HealthState.DEGRADED: QT_TRANSLATE_NOOP("HealthState", "Degraded"),
    HealthState.NO_AUDIO: QT_TRANSLATE_NOOP("HealthState", "No sound"),
    HealthState.RECONNECTING: QT_TRANSLATE_NOOP("HealthState", "Reconnecting"),
    HealthState.FAILED: QT_TRANSLATE_NOOP("HealthState", "Failed"),
}

_STROKE_SHARE: Final = 0.16
_GROUND_MARGIN_SHARE: Final = 0.16


def state_name(state: HealthState) -> str:
    """Return what a person calls ``state``."""
    return QCoreApplication.translate("HealthState", str(_STATE_NAMES[state]))


def paint_mark(
    painter: QPainter, area: QRectF, state: HealthState, *, stroke_share: float = _STROKE_SHARE
) -> None:
    """Paint the mark of ``state`` so that it fills the square ``area``.

    Args:
        painter: What paints.
        area: The square.
        state: Whose mark it is.
        stroke_share: Width of lines as a share of that of the square.
    """
    colour = HEALTH_COLOURS[state]
    stroke = area.width() * stroke_share
    pen = QPen(colour, stroke)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    _SHAPES[state](painter, area.adjusted(stroke / 2, stroke / 2, -stroke / 2, -stroke / 2))
    painter.restore()


def _square(painter: QPainter, area: QRectF) -> None:
    inset = area.width() * 0.08
    painter.drawRect(area.adjusted(inset, inset, -inset, -inset))


def _ring(painter: QPainter, area: QRectF) -> None:
    painter.drawEllipse(area)


def _disc(painter: QPainter, area: QRectF) -> None:
    painter.setBrush(painter.pen().brush())
    painter.drawEllipse(area)


def _half_disc(painter: QPainter, area: QRectF) -> None:
    painter.drawEllipse(area)
    painter.setBrush(painter.pen().brush())
    painter.drawChord(area, 0, -180 * 16)


def _struck_ring(painter: QPainter, area: QRectF) -> None:
    painter.drawEllipse(area)
    reach = area.width() / 2 * 0.7
    centre = area.center()
    painter.drawLine(centre - QPointF(reach, -reach), centre + QPointF(reach, -reach))


def _triangle(painter: QPainter, area: QRectF) -> None:
    painter.setBrush(painter.pen().brush())
    top = QPointF(area.center().x(), area.top())
    painter.drawPolygon(QPolygonF([top, area.bottomRight(), area.bottomLeft()]))


def _cross(painter: QPainter, area: QRectF) -> None:
    painter.drawLine(area.topLeft(), area.bottomRight())
    painter.drawLine(area.topRight(), area.bottomLeft())


_SHAPES: Final[dict[HealthState, Callable[[QPainter, QRectF], None]]] = {
    HealthState.STOPPED: _square,
    HealthState.STARTING: _ring,
    HealthState.LISTENING: _disc,
    HealthState.DEGRADED: _half_disc,
    HealthState.NO_AUDIO: _struck_ring,
    HealthState.RECONNECTING: _triangle,
    HealthState.FAILED: _cross,
}


class HealthDot(QWidget):
    """The mark on the overlay; its tooltip is the sentence behind it.

    Signals:
        clicked: It was clicked with the left button.
    """

    clicked = Signal()

    def __init__(self, size_px: int, parent: QWidget | None = None) -> None:
        """Show "stopped" until told otherwise, ``size_px`` logical pixels wide and high."""
        super().__init__(parent)
        self._state = HealthState.STOPPED
        self._ground: QColor | None = None
        self.restyle(size_px, None)
        # The overlay is never the active window, and Qt shows others no tooltips.
        self.setAttribute(Qt.WidgetAttribute.WA_AlwaysShowToolTips)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(self.tr("Health"))
        self.paints = 0

    @property
    def state(self) -> HealthState:
        """What it shows."""
        return self._state

    def restyle(self, size_px: int, ground: QColor | None) -> None:
        """Be ``size_px`` wide and high, on a square of ``ground`` where the mark needs one."""
        self._ground = ground
        self.setFixedSize(QSize(size_px, size_px))
        self.update()

    def show_health(self, health: Health) -> None:
        """Take over state and sentence; paint again only when the state is another."""
        self.setToolTip(health_text(health))
        name = self.tr("Health: {state}").format(state=state_name(health.state))
        self.setAccessibleName(name)
        self.setAccessibleDescription(health_text(health))
        if health.state is not self._state:
            self._state = health.state
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802  # Qt's name
        """Keep a press of the left button, which would move what it stands on."""
        event.setAccepted(event.button() is Qt.MouseButton.LeftButton)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802  # Qt's name
        """Tell of a click."""
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(
            event.position().toPoint()
        ):
            self.clicked.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802  # Qt's name
        """Take the second press of a double click as another one."""
        self.mousePressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        """Paint the mark."""
        self.paints += 1
        painter = QPainter(self)
        area = QRectF(self.rect())
        margin = 1.0
        if self._ground is not None:
            painter.fillRect(area, self._ground)
            margin = area.width() * _GROUND_MARGIN_SHARE
        paint_mark(painter, area.adjusted(margin, margin, -margin, -margin), self._state)
        painter.end()


def health_text(health: Health) -> str:
    """Return the sentence and, on a line of its own, the hint."""
    return f"{health.sentence}\n{health.hint}" if health.hint else health.sentence
