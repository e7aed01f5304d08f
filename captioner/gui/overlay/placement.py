"""Where the overlay goes: where it was left or docked, on the screens that are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRect, QSize

from captioner.settings.overlay import Dock, WindowGeometry

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


@dataclass(frozen=True, slots=True)
class Monitor:
    """A screen.

    Attributes:
        name: As the system calls it.
        whole: All of it.
        free: The part that no panel covers.
    """

    name: str
    whole: QRect
    free: QRect


@dataclass(frozen=True, slots=True)
class Measure:
    """What the size of the overlay follows from, in logical pixels.

    Attributes:
        lines: Lines that are wanted.
        line_height: Height of each.
        around: Height of everything that is no line.
        columns: Letters that are wanted on a line.
        width: Width of the overlay for them.
    """

    lines: int
    line_height: int
    around: int
    columns: int
    width: int

    @property
    def size(self) -> QSize:
        """Size of the overlay that shows just this."""
        return QSize(self.width, self.height_of(self.lines))

    def height_of(self, lines: int) -> int:
        """Return the height of an overlay with so many lines."""
        return self.around + lines * self.line_height

    def fitted(self, size: QSize, before: Measure) -> QSize:
        """Return what becomes of ``size``, which somebody chose when ``before`` was wanted.

        Another number of lines or columns gives the size for them. Larger letters keep as many
        lines as there were, and the width, which nobody asked to change.
        """
        width, height = size.width(), size.height()
        if self.columns != before.columns:
            width = self.width
        if self.lines != before.lines:
            height = self.height_of(self.lines)
        elif (self.line_height, self.around) != (before.line_height, before.around):
            height = self.height_of(max(1, (height - before.around) // before.line_height))
        return QSize(width, height)


def resized(place: QRect, size: QSize, screen: QRect) -> QRect:
    """Return ``place`` with another size, its middle where it was.

    In the lower half of ``screen`` its lower edge stays, in the upper half its upper one.
    """
    moved = QRect(place.topLeft(), size)
    moved.moveLeft(place.left() + (place.width() - size.width()) // 2)
    if place.center().y() > screen.center().y():
        moved.moveBottom(place.bottom())
    return moved


def sharing_place(place: QRect, free: QRect) -> QRect:
    """Return ``place``, or as much of it as leaves another window half of the screen's height.

    Args:
        place: Where the overlay belongs.
        free: The free area of its screen.
    """
    shared = QRect(place)
    shared.setHeight(min(place.height(), free.height() // 2))
    if place.center().y() >= free.center().y():
        shared.moveBottom(place.bottom())
    return shared


def place_below(place: QRect, height: int, free: QRect) -> QRect:
    """Return ``place``, lower if need be, with room for ``height`` above or below it."""
    if place.top() - height >= free.top() or place.bottom() + height <= free.bottom():
        return place
    lower = QRect(place)
    lower.setTop(free.top() + height)
    return lower


def docked_place(dock: Dock, monitor: Monitor, *, height: int) -> QRect:
    """Return the place at an edge of ``monitor``, or all over it."""
    if dock == "full":
        return QRect(monitor.whole)
    place = QRect(monitor.free)
    place.setHeight(min(height, monitor.free.height()))
    if dock == "bottom":
        place.moveBottom(monitor.free.bottom())
    return place


def chosen_monitor(name: str, place: QRect | None, monitors: Sequence[Monitor]) -> Monitor:
    """Return the monitor called ``name``, else the one that has most of ``place``.

    Args:
        name: Empty, or of one that is gone, when only the place decides.
        place: Where the overlay floats when it is not docked; None if it was never moved.
        monitors: All there are, the main one first; never empty.
    """
    for monitor in monitors:
        if name and monitor.name == name:
            return monitor
    if name or place is None:
        return monitors[0]
    return max(monitors, key=lambda each: _shared(place, each.free))


def _is_covered(place: QRect, screens: Sequence[QRect]) -> bool:
    # Screens do not lie over each other, so shared areas add up.
    return sum(_shared(place, screen) for screen in screens) == place.width() * place.height()


def _shared(place: QRect, screen: QRect) -> int:
    both = place.intersected(screen)
    return both.width() * both.height() if both.isValid() else 0
