"""What the mouse does to the overlay: it moves, resizes and scrolls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from captioner.gui.overlay.arranging import cursor_at, dragged, edges_at
from captioner.gui.overlay.placing import Placing
from captioner.gui.overlay.window_kind import is_unmanaged

_NOTCH: Final = 120
_NOTCH_LINES: Final = 2
"""Lines that one notch of a mouse wheel scrolls."""


@dataclass(frozen=True, slots=True)
class _Press:
    """Where a drag may begin."""

    place: QRect
    point: QPoint
    edges: Qt.Edge


class Mouse(QObject):
    """Watches a window: a drag of its body moves it, one of an edge resizes it.

    Signals:
        turned: The wheel asks for so many lines down, or up if it is negative.
        double_clicked: It was clicked twice.
    """

    turned = Signal(int)
    double_clicked = Signal()

    def __init__(self, window: QWidget, placing: Placing) -> None:
        """Watch ``window``, which may be dragged as long as ``placing`` lets it float."""
        super().__init__(window)
        self._window = window
        self._placing = placing
        self._press: _Press | None = None
        self._is_dragging = False
        self._wheel = 0
        window.setMouseTracking(True)
        window.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802  # Qt's name
        """Take what the mouse does."""
        match event.type():
            case QEvent.Type.MouseButtonPress:
                self._on_press(cast("QMouseEvent", event))
            case QEvent.Type.MouseMove:
                self._on_move(cast("QMouseEvent", event))
            case QEvent.Type.MouseButtonRelease:
                self._forget()
            case QEvent.Type.MouseButtonDblClick:
                self._forget()
                self.double_clicked.emit()
            case QEvent.Type.Wheel:
                self._on_wheel(cast("QWheelEvent", event))
            case _:
                return False
        return True

    def _on_press(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._placing.is_floating:
            edges = edges_at(event.position().toPoint(), self._window.size())
            point = event.globalPosition().toPoint()
            self._press = _Press(self._window.geometry(), point, edges)

    def _on_move(self, event: QMouseEvent) -> None:
        press = self._press
        if press is None or not event.buttons() & Qt.MouseButton.LeftButton:
            self._forget()
            self._show_cursor(event.position().toPoint())
            return
        by = event.globalPosition().toPoint() - press.point
        if not self._is_dragging and by.manhattanLength() < QApplication.startDragDistance():
            return
        if is_unmanaged():
            self._is_dragging = True
            least = self._window.minimumSize()
            self._placing.put(dragged(press.place, by, press.edges, least=least))
            return
        self._forget()  # the window manager goes on from here
        self._placing.take()
        handle = self._window.windowHandle()
        if press.edges:
            handle.startSystemResize(press.edges)
        else:
            handle.startSystemMove()

    def _on_wheel(self, event: QWheelEvent) -> None:
        self._wheel += event.angleDelta().y() * _NOTCH_LINES
        lines = int(self._wheel / _NOTCH)
        self._wheel -= lines * _NOTCH
        if lines:
            self.turned.emit(-lines)

    def _forget(self) -> None:
        """Forget the press: the drag is over, or it was none."""
        self._press = None
        self._is_dragging = False

    def _show_cursor(self, point: QPoint) -> None:
        if self._placing.is_floating:
            self._window.setCursor(cursor_at(edges_at(point, self._window.size())))
        else:
            self._window.unsetCursor()
