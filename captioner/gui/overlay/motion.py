"""What moves in the overlay: lines that glide in, and captions that fade when nobody speaks."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEasingCurve, QObject, QTimer, QVariantAnimation, Signal
from PySide6.QtWidgets import QApplication, QStyle

_GLIDE_MS: Final = 150
_FADE_MS: Final = 800


def is_motion_wanted() -> bool:
    """Tell whether the system lets things move."""
    return QApplication.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration) > 0


class Glide(QObject):
    """How many lines the view is still behind the newest ones. It never falls behind for long.

    Signals:
        moved: `offset` is another.
    """

    moved = Signal()

    def __init__(self, parent: QObject) -> None:
        """Begin at rest."""
        super().__init__(parent)
        self._animation = QVariantAnimation(self)
        self._animation.setDuration(_GLIDE_MS)
        self._animation.setEasingCurve(QEasingCurve.Type.OutQuad)
        self._animation.setEndValue(0.0)
        self._animation.valueChanged.connect(self.moved)

    @property
    def offset(self) -> float:
        """Lines between where the view is and where it belongs; 0.0 at rest."""
        if self._animation.state() is not QVariantAnimation.State.Running:
            return 0.0
        return float(self._animation.currentValue())

    def add(self, lines: int, *, at_most: int) -> None:
        """Have ``lines`` more to go, all in the time of one; what is beyond ``at_most`` is cut."""
        start = min(self.offset + lines, float(at_most))
        self._animation.stop()
        self._animation.setStartValue(start)
        self._animation.start()

    def stop(self) -> None:
        """Be where the view belongs, at once."""
        self._animation.stop()


class SilenceFade(QObject):
    """Lets captions fade after a silence, and brings them back with the next word.

    Signals:
        moved: `opacity` is another.
    """

    moved = Signal()

    def __init__(self, parent: QObject) -> None:
        """Begin with captions that stay."""
        super().__init__(parent)
        self._is_kept = False
        self._after_s: float | None = None
        self._opacity = 1.0
        self._silence = QTimer(self)
        self._silence.setSingleShot(True)
        self._silence.timeout.connect(self._begin)
        self._animation = QVariantAnimation(self)
        self._animation.setDuration(_FADE_MS)
        self._animation.setStartValue(1.0)
        self._animation.setEndValue(0.0)
        self._animation.valueChanged.connect(self._on_step)

    @property
    def opacity(self) -> float:
        """Of the captions: 1.0 while they are to be read, 0.0 when they are gone."""
        return self._opacity

    def fade_after(self, seconds: float | None) -> None:
        """Fade after so many seconds of silence from now on; None keeps captions."""
        if seconds != self._after_s:
            self._after_s = seconds
            self.wake()

    def keep(self, *, wanted: bool) -> None:
        """Do not fade for now, because somebody reads."""
        if wanted != self._is_kept:
            self._is_kept = wanted
            self.wake()

    def wake(self) -> None:
        """Show the captions whole: there is a new word, or reason to look."""
        self._animation.stop()
        self._silence.stop()
        if self._after_s is not None and not self._is_kept:
            self._silence.start(round(self._after_s * 1000))
        if self._opacity != 1.0:
            self._opacity = 1.0
            self.moved.emit()

    def _begin(self) -> None:
        self._animation.setDuration(_FADE_MS if is_motion_wanted() else 0)
        self._animation.start()

    def _on_step(self, opacity: float) -> None:
        self._opacity = opacity
        self.moved.emit()
