"""The bar that takes the keys while the overlay is arranged.

The overlay itself never takes the keyboard. This bar does, for as long as it is open, and passes
the keys on; when it closes, the window manager gives the focus back to whoever had it before.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QFont, QKeyEvent
from PySide6.QtWidgets import QLabel

from captioner.gui.overlay.look import BACKGROUND, MOCK, TEXT
from captioner.gui.overlay.window_kind import on_top_kind

_DISTANCE: Final = 6
"""Between the bar and the overlay, in logical pixels."""

_STYLE: Final = (
    f"color: {TEXT.name()}; background: {BACKGROUND.name()};"
    f" border: 2px solid {MOCK.name()}; padding: 6px;"
)


class ArrangeBar(QLabel):
    """Help next to the overlay, which owns the keyboard.

    Signals:
        key_pressed: A key that may move, resize or read: its number and modifiers.
        left: The user is done, or went to another window.
    """

    key_pressed = Signal(int, object)
    left = Signal()

    def __init__(self, font: QFont) -> None:
        """Prepare the bar; `open_beside` shows it."""
        super().__init__(None, on_top_kind() | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_X11NetWmWindowTypeUtility)
        self.setAttribute(Qt.WidgetAttribute.WA_MacAlwaysShowToolWindow)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setStyleSheet(_STYLE)
        self.setWindowTitle(self.tr("Arrange captions"))
        self.setAccessibleName(self.windowTitle())
        self._was_active = False
        self.setFont(font)

    def explain(self, *keys: str) -> None:
        """Tell what ``keys`` do, a line each."""
        self.setText("\n".join(keys))
        self.setAccessibleDescription(" · ".join(keys))

    def open_beside(self, place: QRect, screen: QRect) -> None:
        """Show it next to the overlay at ``place`` on ``screen``, and ask for the keyboard."""
        self._was_active = False
        self.follow(place, screen)
        self.show()
        self.activateWindow()
        self.setFocus()

    def follow(self, place: QRect, screen: QRect) -> None:
        """Stay above the overlay at ``place``, or below it where ``screen`` has no room above."""
        self.resize(self._size_on(screen))
        x = min(max(place.left(), screen.left()), screen.right() - self.width() + 1)
        above = place.top() - self.height() - _DISTANCE
        self.move(x, above if above >= screen.top() else place.bottom() + 1 + _DISTANCE)

    def room_on(self, screen: QRect) -> int:
        """Return how much room it needs above an overlay that covers ``screen``."""
        return self._size_on(screen).height() + _DISTANCE

    def announce(self, text: str) -> None:
        """Let a screen reader say what a key did."""
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))

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

    def _size_on(self, screen: QRect) -> QSize:
        """Return its size: each line of help on one of its own, if ``screen`` is wide enough."""
        self.setWordWrap(False)
        width = min(self.sizeHint().width(), screen.width())
        self.setWordWrap(True)
        return QSize(width, self.heightForWidth(width))
