"""The bar that takes the keys while the overlay is arranged.

The overlay itself never takes the keyboard. This bar does, for as long as it is open, and passes
the keys on; when it closes, the window manager gives the focus back to whoever had it before.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QRect, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from captioner.gui.overlay.look import BACKGROUND, MOCK, TEXT
from captioner.gui.overlay.window_kind import on_top_kind

ARRANGE_TEXT: Final = "Arrow keys move · Shift + arrow keys resize · Esc leaves"

_DISTANCE: Final = 6
_PADDING: Final = 8


class ArrangeBar(QWidget):
    """A line of help next to the overlay, which owns the keyboard.

    Signals:
        key_pressed: A key that may move or resize: its number and modifiers.
        left: The user is done, or went to another window.
    """

    key_pressed = Signal(int, object)
    left = Signal()

    def __init__(self, font: QFont) -> None:
        """Prepare the bar; `open_beside` shows it."""
        super().__init__(None, on_top_kind() | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_X11NetWmWindowTypeUtility)
        self.setAttribute(Qt.WidgetAttribute.WA_MacAlwaysShowToolWindow)
        self.setWindowTitle("Arrange captions")
        self.setAccessibleName("Arrange captions")
        self.setAccessibleDescription(ARRANGE_TEXT)
        self._was_active = False
        self.restyle(font)

    def restyle(self, font: QFont) -> None:
        """Take another font, and the size that it needs."""
        self.setFont(font)
        metrics = QFontMetrics(font)
        self.setFixedSize(
            metrics.horizontalAdvance(ARRANGE_TEXT) + 2 * _PADDING,
            metrics.height() + 2 * _PADDING,
        )

    def open_beside(self, place: QRect, screen: QRect) -> None:
        """Show it next to the overlay at ``place`` and ask for the keyboard."""
        self._was_active = False
        self.follow(place, screen)
        self.show()
        self.activateWindow()

    def follow(self, place: QRect, screen: QRect) -> None:
        """Stay above the overlay at ``place``, or below it where ``screen`` has no room above."""
        x = min(max(place.left(), screen.left()), screen.right() - self.width() + 1)
        above = place.top() - self.height() - _DISTANCE
        self.move(x, above if above >= screen.top() else place.bottom() + 1 + _DISTANCE)

    def event(self, event: QEvent) -> bool:
        """Notice that another window was chosen."""
        if event.type() == QEvent.Type.WindowActivate:
            self._was_active = True
        elif event.type() == QEvent.Type.WindowDeactivate and self._was_active:
            self._was_active = False
            self.left.emit()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """Pass keys on; Escape and Return leave."""
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.left.emit()
        else:
            self.key_pressed.emit(event.key(), event.modifiers())

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        """Paint the help."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), BACKGROUND)
        painter.setPen(QPen(MOCK, 2))
        painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.setPen(TEXT)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, ARRANGE_TEXT)
        painter.end()
