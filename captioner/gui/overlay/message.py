"""A sentence and its hint, where captions would be, as large as fits.

A text that fits not even in the smallest size is cut off; the tooltip of the overlay has it whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFont, QPainter, QTextLayout, QTextOption

from captioner.gui.overlay.look import Look

_LARGEST_SHARE: Final = 0.72
_SMALLEST_PX: Final = 11
_HINT_GAP: Final = 4


@dataclass(frozen=True, slots=True)
class Message:
    """What to say instead of captions.

    Attributes:
        sentence: What is the matter.
        hint: What to do about it; may be empty.
        is_urgent: True paints the sentence as clearly as captions.
    """

    sentence: str
    hint: str = ""
    is_urgent: bool = False


class MessageLayout:
    """A message laid out for one size of the overlay."""

    def __init__(self, message: Message, look: Look, area: QRectF) -> None:
        """Find the largest font, up to most of the captions' size, with which all fits ``area``."""
        self._look = look
        font = look.font
        self._rows: list[tuple[QTextLayout, QColor, float]] = []
        self._area = area
        largest = round(font.pixelSize() * _LARGEST_SHARE)
        for height_px in range(max(largest, _SMALLEST_PX), _SMALLEST_PX - 1, -1):
            smaller = QFont(font)
            smaller.setPixelSize(height_px)
            if self._fits(message, smaller):
                return

    def paint(self, painter: QPainter) -> None:
        """Paint it at the top of its area."""
        if self._look.message_ground is not None:
            painter.fillRect(self._area, self._look.message_ground)
        for layout, colour, top in self._rows:
            painter.setPen(colour)
            layout.draw(painter, QPointF(self._area.left(), self._area.top() + top))

    def _fits(self, message: Message, font: QFont) -> bool:
        text, quiet = self._look.text, self._look.partial
        colour = text if message.is_urgent else quiet
        self._rows = []
        top = 0.0
        for words, pen in ((message.sentence, colour), (message.hint, quiet)):
            if words:
                top += _HINT_GAP if self._rows else 0
                layout = QTextLayout(words, font)
                self._rows.append((layout, pen, top))
                top += _lay_out(layout, self._area.width())
        return top <= self._area.height()


def _lay_out(layout: QTextLayout, width: float) -> float:
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    height = 0.0
    line = layout.createLine()
    while line.isValid():
        line.setLineWidth(width)
        line.setPosition(QPointF(0, height))
        height += line.height()
        line = layout.createLine()
    layout.endLayout()
    return height
