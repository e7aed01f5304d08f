"""Where the overlay goes: where it was left, if a screen is still there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QRect, QSize

from captioner.settings.overlay import WindowGeometry

MARGIN: Final = 48
"""Distance from the lower edge of the screen when it was never moved, in logical pixels."""


def default_place(size: QSize, screen: QRect) -> QRect:
    """Return the place at the bottom of ``screen``, in the middle."""
    place = QRect(0, 0, min(size.width(), screen.width()), min(size.height(), screen.height()))
    place.moveLeft(screen.left() + (screen.width() - place.width()) // 2)
    place.moveBottom(screen.bottom() - min(MARGIN, screen.height() - place.height()))
    return place


def restored_place(
    saved: WindowGeometry | None, *, default: QSize, least: QSize, screens: Sequence[QRect]
) -> QRect:
    """Return where the overlay shall appear: whole, and on a screen.

    Args:
        saved: Where it was left.
        default: Its size when it was never resized.
        least: Its smallest useful size.
        screens: The free areas of all screens, the main one first; never empty.
    """
    if saved is None:
        return default_place(default, screens[0])
    place = QRect(saved.x, saved.y, saved.width, saved.height)
    place.setSize(place.size().expandedTo(least))
    return onto_screen(place, screens)


def onto_screen(place: QRect, screens: Sequence[QRect]) -> QRect:
    """Return ``place`` moved, and made smaller if need be, onto the screen that has most of it.

    A place that is on no screen at all goes to the first one. One that lies over the border of
    two screens is left there as long as no part of it is beyond both.
    """
    if _is_covered(place, screens):
        return place
    screen = max(screens, key=lambda area: _shared(place, area))
    moved = QRect(place)
    moved.setSize(place.size().boundedTo(screen.size()))
    moved.moveLeft(min(max(moved.left(), screen.left()), screen.right() - moved.width() + 1))
    moved.moveTop(min(max(moved.top(), screen.top()), screen.bottom() - moved.height() + 1))
    return moved


def _is_covered(place: QRect, screens: Sequence[QRect]) -> bool:
    # Screens do not lie over each other, so shared areas add up.
    return sum(_shared(place, screen) for screen in screens) == place.width() * place.height()


def _shared(place: QRect, screen: QRect) -> int:
    both = place.intersected(screen)
    return both.width() * both.height() if both.isValid() else 0
