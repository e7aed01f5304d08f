"""Where a window can be without being covered by the captions, which stay above all others."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QStyle, QWidget

GAP: Final = 8
"""Pixels between a window and the captions."""


def clear_place(wanted: QSize, least: QSize, taken: QRect, free: QRect) -> QRect | None:
    """Return a place beside ``taken``, as large as wanted or as there is room for.

    Args:
        wanted: Size of the window, frame included.
        least: Smaller than this it is of no use.
        taken: What is covered.
        free: The part of the screen that windows may use.

    Returns:
        The place, or None where there is not enough room on any side.
    """
    sides = (
        QRect(free.left(), free.top(), free.width(), taken.top() - GAP - free.top()),
        QRect(
            free.left(), taken.bottom() + GAP, free.width(), free.bottom() - taken.bottom() - GAP
        ),
        QRect(free.left(), free.top(), taken.left() - GAP - free.left(), free.height()),
        QRect(taken.right() + GAP, free.top(), free.right() - taken.right() - GAP, free.height()),
    )
    best, room = None, 0
    for side in sides:
        size = wanted.boundedTo(side.size())
        is_enough = size.width() >= least.width() and size.height() >= least.height()
        if is_enough and size.width() * size.height() > room:
            room = size.width() * size.height()
            best = QRect(side.topLeft(), size)
            best.moveCenter(side.center())
    return best


def step_aside(window: QWidget, taken: QRect) -> None:
    """Put ``window`` where ``taken`` does not cover it, if it would."""
    has_place = window.testAttribute(Qt.WidgetAttribute.WA_Moved)
    if has_place and not window.frameGeometry().intersects(taken):
        return
    screen = QGuiApplication.screenAt(taken.center()) or window.screen()
    frame = QSize(0, window.style().pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight))
    place = clear_place(
        window.size() + frame, window.minimumSizeHint() + frame, taken, screen.availableGeometry()
    )
    if place is not None:
        window.resize(place.size() - frame)
        window.move(place.topLeft())
