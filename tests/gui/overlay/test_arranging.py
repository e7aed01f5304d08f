"""Keys and edges as plain functions."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt

from captioner.gui.overlay.arranging import KeySteps, changed_by_key, cursor_at, edges_at

PLACE = QRect(100, 200, 600, 100)
LEAST = QSize(160, 70)
NO = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.mark.parametrize(
    ("key", "modifiers", "expected"),
    [
        (Qt.Key.Key_Left, NO, QRect(80, 200, 600, 100)),
        (Qt.Key.Key_Right, NO, QRect(120, 200, 600, 100)),
        (Qt.Key.Key_Up, NO, QRect(100, 180, 600, 100)),
        (Qt.Key.Key_Down, NO, QRect(100, 220, 600, 100)),
        (Qt.Key.Key_Down, CONTROL, QRect(100, 201, 600, 100)),
        (Qt.Key.Key_Right, SHIFT, QRect(100, 200, 620, 100)),
        (Qt.Key.Key_Down, SHIFT, QRect(100, 200, 600, 120)),
        (Qt.Key.Key_Left, SHIFT | CONTROL, QRect(100, 200, 599, 100)),
        (Qt.Key.Key_A, NO, None),
    ],
)
def test_keys_move_and_resize(
    key: Qt.Key, modifiers: Qt.KeyboardModifier, expected: QRect | None
) -> None:
    assert changed_by_key(PLACE, key, modifiers, least=LEAST) == expected


def test_it_never_becomes_smaller_than_useful() -> None:
    small = QRect(0, 0, 165, 75)

    narrow = changed_by_key(small, Qt.Key.Key_Left, SHIFT, least=LEAST)

    assert narrow == QRect(0, 0, 160, 75)


@pytest.mark.parametrize(
    ("x", "y", "edges", "cursor"),
    [
        (300, 50, Qt.Edge(0), Qt.CursorShape.SizeAllCursor),
        (0, 50, Qt.Edge.LeftEdge, Qt.CursorShape.SizeHorCursor),
        (599, 50, Qt.Edge.RightEdge, Qt.CursorShape.SizeHorCursor),
        (300, 99, Qt.Edge.BottomEdge, Qt.CursorShape.SizeVerCursor),
        (2, 2, Qt.Edge.LeftEdge | Qt.Edge.TopEdge, Qt.CursorShape.SizeFDiagCursor),
        (598, 98, Qt.Edge.RightEdge | Qt.Edge.BottomEdge, Qt.CursorShape.SizeFDiagCursor),
        (598, 2, Qt.Edge.RightEdge | Qt.Edge.TopEdge, Qt.CursorShape.SizeBDiagCursor),
        (2, 98, Qt.Edge.LeftEdge | Qt.Edge.BottomEdge, Qt.CursorShape.SizeBDiagCursor),
    ],
)
def test_edges_and_corners_resize_and_the_body_moves(
    x: int, y: int, edges: Qt.Edge, cursor: Qt.CursorShape
) -> None:
    found = edges_at(QPoint(x, y), PLACE.size())

    assert found == edges
    assert cursor_at(found) == cursor


def test_a_place_told_late_does_not_undo_the_steps_after_it() -> None:
    first, second = PLACE.translated(-20, 0), PLACE.translated(-20, -20)
    steps = KeySteps(PLACE)
    assert steps.last == PLACE
    steps.ask(first)
    steps.ask(second)

    for late in (PLACE, first, second):
        steps.told(late)
        assert steps.last == second


def test_a_place_that_no_key_asked_for_is_where_the_next_key_starts() -> None:
    steps = KeySteps(PLACE)
    steps.ask(PLACE.translated(-20, 0))
    dragged = PLACE.translated(300, 300)

    steps.told(dragged)
    assert steps.last == dragged

    steps.told(PLACE)
    assert steps.last == PLACE
