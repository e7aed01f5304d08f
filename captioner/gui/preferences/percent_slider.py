"""A slider in percent that also says its value in figures."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget


class PercentSlider(QWidget):
    """A slider, and beside it what it is at.

    Signals:
        moved: The user has chosen another value, in percent.
    """

    moved = Signal(int)

    def __init__(self, least: int, most: int) -> None:
        """Go from ``least`` to ``most`` percent."""
        super().__init__()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(least, most)
        self.slider.setSingleStep(1)
        self.slider.setPageStep(10)
        self._figure = QLabel()
        self._figure.setAlignment(Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter)
        self._figure.setMinimumWidth(self._figure.fontMetrics().horizontalAdvance(" 200 % "))
        self.setFocusProxy(self.slider)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.slider, 1)
        row.addWidget(self._figure)
        self.slider.valueChanged.connect(self._on_value)

    @property
    def figure(self) -> str:
        """What stands beside it."""
        return self._figure.text()

    def show_value(self, percent: int) -> None:
        """Show ``percent``, which is no choice of the user's."""
        with QSignalBlocker(self.slider):
            self.slider.setValue(percent)
        self._say(percent)

    def _on_value(self, percent: int) -> None:
        self._say(percent)
        self.moved.emit(percent)

    def _say(self, percent: int) -> None:
        self._figure.setText(self.tr("{percent} %").format(percent=percent))
