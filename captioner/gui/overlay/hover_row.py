"""Two buttons while the mouse is over the overlay, for those who know neither menu nor keys."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

_STYLE = (
    "QPushButton { color: #ffffff; background: #000000; border: 1px solid #9a9a9a;"
    " border-radius: 4px; padding: 0 8px; }"
    "QPushButton:hover { background: #3a3a3a; border-color: #ffffff; }"
)


class HoverRow(QWidget):
    """Stands over the end of the status line, never over captions, and takes no focus.

    Signals:
        pause_wanted: The captions shall be held.
        menu_wanted: The menu is wanted at this place on the screen.
    """

    pause_wanted = Signal()
    menu_wanted = Signal(QPoint)

    def __init__(self, font: QFont, parent: QWidget) -> None:
        """Begin hidden."""
        super().__init__(parent)
        self._pause = self._button(self.tr("Pause"), self.tr("Let the captions stand still"))
        self._pause.clicked.connect(self.pause_wanted)
        self._menu = self._button(self.tr("Menu"), self.tr("All that can be asked of Captioner"))
        self._menu.clicked.connect(self._on_menu)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)
        self._row.addWidget(self._pause)
        self._row.addWidget(self._menu)
        self.restyle(font)
        self.hide()

    def restyle(self, font: QFont) -> None:
        """Take another font."""
        for button in (self._pause, self._menu):
            button.setFont(font)

    def show_held(self, *, is_held: bool) -> None:
        """Offer to pause only what does not stand still already."""
        self._pause.setVisible(not is_held)
        self._row.activate()

    def _button(self, text: str, description: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the overlay never takes the keyboard
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.setStyleSheet(_STYLE)
        button.setAccessibleDescription(description)
        button.setToolTip(description)
        button.setMinimumHeight(1)  # the row is lower than what the style asks for
        return button

    def _on_menu(self) -> None:
        self.menu_wanted.emit(self._menu.mapToGlobal(QPoint(0, self._menu.height())))
