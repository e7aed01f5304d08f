"""Where a window can be without being covered by the captions, which stay above all others."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRect, QSize

_GAP: Final = 8


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
        QRect(free.left(), free.top(), free.width(), taken.top() - _GAP - free.top()),
        QRect(
            free.left(), taken.bottom() + _GAP, free.width(), free.bottom() - taken.bottom() - _GAP
        ),
        QRect(free.left(), free.top(), taken.left() - _GAP - free.left(), free.height()),
        QRect(taken.right() + _GAP, free.top(), free.right() - taken.right() - _GAP, free.height()),
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
