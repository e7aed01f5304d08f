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


def room_beside(taken: QRect, free: QRect, height: int, least: int) -> QRect:
    """Return the part of the screen that a window may use to be ``height`` pixels high.

    That is above what is taken, else below it, else where there is more room; all of the screen
    where neither is of any use.

    Args:
        taken: What is covered.
        free: The part of the screen that windows may use.
        height: Of the window, frame included.
        least: Less than this is of no use.
    """
    above = free.adjusted(0, 0, 0, taken.top() - GAP - 1 - free.bottom())
    below = free.adjusted(0, taken.bottom() + GAP - free.top(), 0, 0)
    for side in (above, below):
        if height <= side.height():
            return side
    side = max(above, below, key=QRect.height)
    return side if side.height() >= least else free


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
