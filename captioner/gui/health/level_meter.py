"""How loud a source is, in a picture, in figures and in a word."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from captioner.core.audio import AudioLevel

_FLOOR_DB: Final = -60.0
_QUIET_DB: Final = -40.0
_CLIPPED_DB: Final = -0.5
_OUTDATED_MS: Final = 1500


class LevelMeter(QWidget):
    """The level of one channel: a bar for the average, a tick for the peak, and words.

    It can take the focus, so that a screen reader can be led to it; then it says the word, which
    changes far less often than the figure.
    """

    def __init__(self) -> None:
        """Nothing is heard yet."""
        super().__init__()
        self._bar = _Bar()
        self._words = QLabel()
        # The bar keeps its length whatever is said beside it.
        longest = self._text(AudioLevel(-23.0, 0.0)) + "  "
        self._words.setMinimumWidth(self._words.fontMetrics().horizontalAdvance(longest))
        self._outdated = QTimer(self)
        self._outdated.setSingleShot(True)
        self._outdated.setInterval(_OUTDATED_MS)
        self._outdated.timeout.connect(self.show_nothing)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 2, 2, 2)
        row.addWidget(self._bar, 1)
        row.addWidget(self._words)
        self.show_nothing()

    @property
    def text(self) -> str:
        """What stands beside the bar."""
        return self._words.text()

    def show_level(self, level: AudioLevel) -> None:
        """Show ``level`` until a newer one comes, but not for long."""
        self._outdated.start()
        self._bar.show_level(level)
        self._say(self._word(level), self._text(level))

    def show_nothing(self) -> None:
        """No sound arrives at all."""
        self._outdated.stop()
        self._bar.show_level(AudioLevel())
        word = self.tr("No sound arrives")
        self._say(word, word)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        """Frame it while it has the focus."""
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setPen(self.palette().color(QPalette.ColorRole.Highlight))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
            painter.end()

    def _word(self, level: AudioLevel) -> str:
        if level.rms_dbfs < _FLOOR_DB:
            return self.tr("Silent")
        if level.peak_dbfs > _CLIPPED_DB:
            return self.tr("Too loud")
        return self.tr("Quiet") if level.rms_dbfs < _QUIET_DB else self.tr("Good")

    def _text(self, level: AudioLevel) -> str:
        word = self._word(level)
        if level.rms_dbfs < _FLOOR_DB:
            return word
        decibels = round(level.rms_dbfs)
        figure = f"\u2212{-decibels}" if decibels else "0"
        return self.tr("{level} dB  {word}").format(level=figure, word=word)

    def _say(self, word: str, text: str) -> None:
        self._words.setText(text)
        if word != self.accessibleDescription():
            self.setAccessibleDescription(word)


class _Bar(QWidget):
    """The picture: the range from -60 dB to full scale."""

    def __init__(self) -> None:
        super().__init__()
        self._level = AudioLevel()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_level(self, level: AudioLevel) -> None:
        if level != self._level:
            self._level = level
            self.update()

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        letter = self.fontMetrics().height()
        return QSize(12 * letter, letter * 3 // 4)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        palette = self.palette()
        text = palette.color(QPalette.ColorRole.WindowText)
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.layoutDirection() is Qt.LayoutDirection.RightToLeft:
            painter.translate(self.width(), 0)
            painter.scale(-1, 1)
        painter.setPen(text)
        painter.setBrush(palette.color(QPalette.ColorRole.Base))
        painter.drawRoundedRect(area, 3, 3)
        inner = area.adjusted(2, 2, -2, -2)
        filled = QRectF(inner)
        filled.setWidth(inner.width() * _share(self._level.rms_dbfs))
        painter.fillRect(filled, palette.color(QPalette.ColorRole.Highlight))
        if (peak := _share(self._level.peak_dbfs)) > 0:
            x = inner.left() + (inner.width() - 2) * peak
            painter.fillRect(QRectF(x, inner.top(), 2, inner.height()), text)
        painter.end()


def _share(decibels: float) -> float:
    return min(1.0, max(0.0, 1 - decibels / _FLOOR_DB))
