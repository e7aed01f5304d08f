"""Keeps the settings clear of the captions, which stay in front and grow while their size is tried.

A dialog that moves away under the mouse would be worse than one that is covered, so it waits until
the mouse is let go, and becomes lower in its place where that is enough.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from captioner.gui.clearance import GAP, step_aside

CaptionsPlace = Callable[[], QRect | None]
"""Returns where the captions are; None while they are hidden."""

_SETTLE_MS: Final = 300


class StepAside(QObject):
    """Moves and resizes a window so that the captions do not cover it."""

    def __init__(self, window: QWidget, captions: CaptionsPlace) -> None:
        """Do nothing before `before_show` or `soon`."""
        super().__init__(window)
        self._window = window
        self._captions = captions
        self._full_size: QSize | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SETTLE_MS)
        self._timer.timeout.connect(self._settle)

    def before_show(self) -> None:
        """Give the window a place, in its full size where it can be."""
        if self._full_size is not None:
            self._window.resize(self._full_size)
        self._full_size = self._window.size()
        if (taken := self._captions()) is not None:
            step_aside(self._window, taken)

    def soon(self) -> None:
        """The captions may have another size in a moment."""
        self._timer.start()

    def _settle(self) -> None:
        window = self._window
        if not window.isVisible():
            return
        taken = self._captions()
        if taken is None or not window.frameGeometry().intersects(taken):
            return
        if QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton:
            self._timer.start()
            return
        room = taken.top() - GAP - window.geometry().top()
        if room >= window.minimumSizeHint().height():
            window.resize(window.width(), room)
        else:
            step_aside(window, taken)
