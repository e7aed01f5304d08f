"""The way back from captions that are held to those of now."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QPushButton, QWidget


class LiveButton(QPushButton):
    """Says how much has been said since the captions are held; a click goes there.

    Its colours are its own, so that it is seen in every look.
    """

    def __init__(self, font: QFont, parent: QWidget) -> None:
        """Begin hidden."""
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the overlay never takes the keyboard
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setStyleSheet(
            "QPushButton { color: #000000; background: #ffd84d; border: 1px solid #000000;"
            " border-radius: 4px; padding: 0 8px; }"
            "QPushButton:hover { background: #ffe892; }"
        )
        self._whole = ""
        self.restyle(font)
        self.hide()

    def fit(self, width: int) -> None:
        """Say only where it leads in less than the ``width`` that all it says would need."""
        self.setText(self._whole)
        if self.sizeHint().width() > width:
            self.setText(self.tr("Live"))

    def restyle(self, font: QFont) -> None:
        """Take another font."""
        self.setFont(font)

    def show_new_lines(self, count: int) -> None:
        """Say that ``count`` lines have come."""
        match count:
            case 0:
                self.setText(self.tr("Held · Live"))
            case 1:
                self.setText(self.tr("1 new line · Live"))
            case _:
                self.setText(self.tr("{count} new lines · Live").format(count=count))
        self._whole = self.text()
        self.setAccessibleName(self._whole)
        self.setAccessibleDescription(self.tr("Follow the newest captions again"))
        self.setToolTip(self.accessibleDescription())
        self.show()
