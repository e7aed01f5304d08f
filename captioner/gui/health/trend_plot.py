"""A figure over the last minutes, as a small picture."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget


class TrendPlot(QWidget):
    """A column for each pixel, as high as the highest value in it; none where nothing is known.

    The newest value is where reading ends: on the right, or on the left from right to left. It can
    take the focus, so that a screen reader can be led to it; what it says is its owner's to set.
    """

    def __init__(self, least_top: float) -> None:
        """Begin empty; the scale goes from 0 to ``least_top``, or to the highest value."""
        super().__init__()
        self._least_top = least_top
        self._values: Sequence[float | None] = ()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_values(self, values: Sequence[float | None]) -> None:
        """Show ``values``, the oldest first."""
        self._values = values
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        """Return a size that fits the letters around it."""
        letter = self.fontMetrics().height()
        return QSize(14 * letter, 2 * letter)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        """Draw it."""
        palette = self.palette()
        text = palette.color(QPalette.ColorRole.WindowText)
        painter = QPainter(self)
        if self.layoutDirection() is Qt.LayoutDirection.RightToLeft:
            painter.translate(self.width(), 0)
            painter.scale(-1, 1)
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setBrush(palette.color(QPalette.ColorRole.Base))
        painter.setPen(palette.color(QPalette.ColorRole.Highlight) if self.hasFocus() else text)
        painter.drawRect(area)
        inner = area.adjusted(1.5, 2.5, -1.5, -1.5)
        for place, share in enumerate(self._shares(int(inner.width()))):
            if share is not None:
                # A value of nothing is a line, and no value is none.
                height = max(1.0, inner.height() * share)
                column = QRectF(inner.left() + place, inner.bottom() - height, 1, height)
                painter.fillRect(column, palette.color(QPalette.ColorRole.Highlight))
        painter.end()

    def _shares(self, width: int) -> list[float | None]:
        """Return how high each of ``width`` columns is, from 0 to 1."""
        count = len(self._values)
        top = max([self._least_top, *(each for each in self._values if each is not None)])
        shares: list[float | None] = []
        for place in range(width if count else 0):
            begin = place * count // width
            end = max(begin + 1, (place + 1) * count // width)
            known = [each for each in self._values[begin:end] if each is not None]
            shares.append(max(0.0, *known) / top if known else None)
        return shares
