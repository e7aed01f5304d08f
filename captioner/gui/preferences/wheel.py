"""The wheel scrolls pages; it changes no value by accident."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QWidget


class NoAccidentalWheel(QObject):
    """Lets the wheel scroll the page, and change a value only where the user is already."""

    def guard(self, control: QWidget) -> None:
        """Keep the wheel from ``control`` while it has not the focus."""
        if control.focusPolicy() is Qt.FocusPolicy.WheelFocus:
            control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        control.installEventFilter(self)

    def eventFilter(self, control: QObject, event: QEvent) -> bool:  # noqa: N802  # Qt's name
        """Pass on what is no wheel; the page behind gets the others."""
        if event.type() != QEvent.Type.Wheel or not isinstance(control, QWidget):
            return False
        if control.hasFocus():
            return False
        event.ignore()
        return True
