"""Moving and resizing by mouse and by keys: what they do to places."""

from __future__ import annotations

from collections import deque
from typing import Final

from PySide6.QtCore import QPoint, QRect, QSize, Qt

EDGE_PX: Final = 8
"""So near to an edge the mouse resizes, in logical pixels."""

_STEP_PX: Final = 20
_FINE_STEP_PX: Final = 1

_STEPS_KEPT: Final = 64

_ARROWS: Final = {
    int(Qt.Key.Key_Left): QPoint(-1, 0),
    int(Qt.Key.Key_Right): QPoint(1, 0),
    int(Qt.Key.Key_Up): QPoint(0, -1),
    int(Qt.Key.Key_Down): QPoint(0, 1),
}


def edges_at(point: QPoint, size: QSize) -> Qt.Edge:
    """Return which edges of a window of ``size`` a drag from ``point`` would move; none inside."""
    edges = Qt.Edge(0)
    if point.x() < EDGE_PX:
        edges |= Qt.Edge.LeftEdge
    elif point.x() >= size.width() - EDGE_PX:
        edges |= Qt.Edge.RightEdge
    if point.y() < EDGE_PX:
        edges |= Qt.Edge.TopEdge
    elif point.y() >= size.height() - EDGE_PX:
        edges |= Qt.Edge.BottomEdge
    return edges


def cursor_at(edges: Qt.Edge) -> Qt.CursorShape:
    """Return the mouse cursor that announces what a drag would do."""
    is_left, is_top = bool(edges & Qt.Edge.LeftEdge), bool(edges & Qt.Edge.TopEdge)
    across = bool(edges & (Qt.Edge.LeftEdge | Qt.Edge.RightEdge))
    along = bool(edges & (Qt.Edge.TopEdge | Qt.Edge.BottomEdge))
    if across and along:
        falls = is_left == is_top
        return Qt.CursorShape.SizeFDiagCursor if falls else Qt.CursorShape.SizeBDiagCursor
    if across:
        return Qt.CursorShape.SizeHorCursor
    return Qt.CursorShape.SizeVerCursor if along else Qt.CursorShape.SizeAllCursor


def dragged(place: QRect, by: QPoint, edges: Qt.Edge, *, least: QSize) -> QRect:
    """Return ``place`` after a drag of its ``edges``, or of all of it if there are none.

    Args:
        place: Where the window was when the drag began.
        by: How far the mouse has gone since.
        edges: Those that follow it.
        least: The window does not become smaller; then the edge stays, not the other one.
    """
    if not edges:
        return place.translated(by)
    changed = QRect(place)
    if edges & Qt.Edge.LeftEdge:
        changed.setLeft(min(place.left() + by.x(), place.right() + 1 - least.width()))
    if edges & Qt.Edge.RightEdge:
        changed.setRight(max(place.right() + by.x(), place.left() - 1 + least.width()))
    if edges & Qt.Edge.TopEdge:
        changed.setTop(min(place.top() + by.y(), place.bottom() + 1 - least.height()))
    if edges & Qt.Edge.BottomEdge:
        changed.setBottom(max(place.bottom() + by.y(), place.top() - 1 + least.height()))
    return changed


def changed_by_key(
    place: QRect, key: int, modifiers: Qt.KeyboardModifier, *, least: QSize
) -> QRect | None:
    """Return the place after a key: arrows move, with Shift they resize, with Control finely.

    Args:
        place: Where the window is.
        key: As in a key event.
        modifiers: As in a key event.
        least: The window does not become smaller.

    Returns:
        The new place, or None for a key that means nothing here.
    """
    arrow = _ARROWS.get(key)
    if arrow is None:
        return None
    is_fine = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
    step = arrow * (_FINE_STEP_PX if is_fine else _STEP_PX)
    if modifiers & Qt.KeyboardModifier.ShiftModifier:
        size = QSize(place.width() + step.x(), place.height() + step.y())
        return QRect(place.topLeft(), size.expandedTo(least))
    return place.translated(step)


class KeySteps:
    """The places that keys asked for: each key starts where the last one will take the window.

    The window manager moves a window later than it was asked to, and tells each step. While keys
    come faster than that, the window is said to be where it was some keys ago; steps that started
    from there would be lost.
    """

    def __init__(self, place: QRect) -> None:
        """Begin with the window at ``place``."""
        self._asked = deque([place], maxlen=_STEPS_KEPT)

    @property
    def last(self) -> QRect:
        """Where the next key starts from."""
        return self._asked[-1]

    def ask(self, place: QRect) -> None:
        """Note that the window manager is asked for ``place``."""
        self._asked.append(place)

    def told(self, place: QRect) -> None:
        """Take in where the window is said to be: anywhere unasked, somebody else put it there."""
        if place not in self._asked:
            self._asked.clear()
            self._asked.append(place)
