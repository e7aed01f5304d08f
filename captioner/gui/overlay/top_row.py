"""The row above the captions: how things are, and what can be clicked."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QStyle, QWidget

from captioner.gui.health.mark import HealthDot
from captioner.gui.overlay.hover_row import HoverRow
from captioner.gui.overlay.live_button import LiveButton
from captioner.gui.overlay.look import Look
from captioner.gui.overlay.status_line import StatusLine

_GAP: Final = 4
_DOT_GAP: Final = 8


class TopRow:
    """Puts its parts side by side; the status line ends where buttons begin.

    Attributes:
        dot: Shows how things are.
        status: Says it.
        live: The way back from held captions.
        hover: Buttons while the mouse is here.
    """

    def __init__(self, look: Look, parent: QWidget) -> None:
        """Put the parts on ``parent``; `place` says where."""
        self._look = look
        self._place = (0, 0, 0)
        self.dot = HealthDot(_dot_size(look), parent)
        self.dot.restyle(_dot_size(look), look.status_ground)
        self.status = StatusLine(look, parent)
        self.live = LiveButton(look.small_font, parent)
        self.hover = HoverRow(look.small_font, parent)

    def restyle(self, look: Look) -> None:
        """Look like ``look`` from now on; then `place` it again."""
        self._look = look
        self.dot.restyle(_dot_size(look), look.status_ground)
        self.status.restyle(look)
        self.live.restyle(look.small_font)
        self.hover.restyle(look.small_font)

    def show_held(self, *, is_held: bool, new_lines: int) -> None:
        """Offer to go live while the captions are held, else to pause them."""
        if is_held:
            self.live.show_new_lines(new_lines)
        else:
            self.live.hide()
        self.hover.show_held(is_held=is_held)
        self.place(*self._place)

    def show_hovered(self, *, is_hovered: bool) -> None:
        """Offer buttons to a mouse that is here."""
        self.hover.setVisible(is_hovered)
        self.place(*self._place)

    def place(self, left: int, top: int, width: int) -> None:
        """Be as wide as this, and as high as the look wants it."""
        self._place = (left, top, width)
        row = QRect(left, top, width, self._look.status_height)
        dot = QRect(row.topLeft(), self.dot.size())
        dot.moveTop(top + (row.height() - dot.height()) // 2)
        _put(self.dot, dot, row)
        rest = row.adjusted(dot.width() + _DOT_GAP, 0, 0, 0)
        self.live.fit(rest.width())
        for button in (self.live, self.hover):
            if not button.isHidden():
                place = QRect(rest)
                place.setLeft(max(rest.left(), rest.right() + 1 - button.sizeHint().width()))
                _put(button, place, row)
                rest.setRight(place.left() - 1 - _GAP)
        _put(self.status, rest, row)


def _put(part: QWidget, place: QRect, row: QRect) -> None:
    """Put ``part`` at ``place`` in ``row``, which is counted from the side where reading begins."""
    part.setGeometry(QStyle.visualRect(part.layoutDirection(), row, place))


def _dot_size(look: Look) -> int:
    return look.status_height - 3
