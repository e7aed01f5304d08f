"""Whether the system asks for high contrast, as far as Qt can tell: followed while running.

Qt asks Windows, macOS, and on Linux the desktop's own settings; where none of them says anything,
high contrast is not wanted.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication


class SystemContrast(QObject):
    """The system's wish.

    Signals:
        changed: `is_high` is another.
    """

    changed = Signal()

    def __init__(self, parent: QObject) -> None:
        """Ask, and listen from now on; needs a QApplication."""
        super().__init__(parent)
        # Both are kept: PySide deletes the hints with the Python object that they came from.
        self._style_hints = QGuiApplication.styleHints()
        self._hints = self._style_hints.accessibility()
        self._wish = self._hints.contrastPreference()
        self._hints.contrastPreferenceChanged.connect(self._on_changed)

    @property
    def is_high(self) -> bool:
        """True if the user has told the system that he needs high contrast."""
        return self._wish is Qt.ContrastPreference.HighContrast

    def _on_changed(self, wish: Qt.ContrastPreference) -> None:
        if wish is not self._wish:
            self._wish = wish
            self.changed.emit()
