"""Fonts and colours of the overlay, from its settings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetricsF

from captioner.core.health import HealthState
from captioner.settings.overlay import OverlaySettings

TEXT: Final = QColor("#ffffff")
QUIET_TEXT: Final = QColor("#d0d0d0")
"""For partials and small print: dimmer, but still 6.5:1 on the background over white."""
MOCK: Final = QColor("#ffd84d")
BACKGROUND: Final = QColor("#000000")

HEALTH_COLOURS: Final = {
    HealthState.STOPPED: QColor("#c4c4c4"),
    HealthState.STARTING: QColor("#7cc4ff"),
    HealthState.LISTENING: QColor("#4cd97b"),
    HealthState.DEGRADED: QColor("#d7d94c"),
    HealthState.NO_AUDIO: QColor("#ffd84d"),
    HealthState.RECONNECTING: QColor("#ffab4a"),
    HealthState.FAILED: QColor("#ff8a80"),
}

PADDING_X: Final = 14
PADDING_TOP: Final = 6
PADDING_BOTTOM: Final = 10
CORNER: Final = 8

_SMALL_SHARE: Final = 0.48
_SMALLEST_PX: Final = 12
_LINE_SHARE: Final = 1.06


@dataclass(frozen=True, slots=True)
class Look:
    """What painting needs to know.

    Attributes:
        font: Font of the captions.
        small_font: Font of the status line.
        background: Colour behind everything, with its opacity.
    """

    font: QFont
    small_font: QFont
    background: QColor

    @classmethod
    def from_settings(cls, settings: OverlaySettings) -> Look:
        """Build the look that ``settings`` ask for; needs a QApplication."""
        background = QColor(BACKGROUND)
        background.setAlphaF(settings.window_opacity)
        return cls(
            font=make_font(settings.font_family, settings.font_px),
            small_font=make_font(
                settings.font_family, max(_SMALLEST_PX, round(settings.font_px * _SMALL_SHARE))
            ),
            background=background,
        )

    @property
    def line_height(self) -> int:
        """Distance from one line of captions to the next, in logical pixels."""
        return math.ceil(QFontMetricsF(self.font).height() * _LINE_SHARE)

    @property
    def status_height(self) -> int:
        """Height of the status line, in logical pixels."""
        return math.ceil(QFontMetricsF(self.small_font).height()) + 2

    def width_of_columns(self, columns: int) -> int:
        """Return how wide about ``columns`` letters of running text are, in logical pixels."""
        sample = "the quick brown fox jumps over the lazy dog "
        width = QFontMetricsF(self.font).horizontalAdvance(sample) / len(sample)
        return math.ceil(width * columns)


def make_font(family: str, height_px: int) -> QFont:
    """Return the font called ``family``, or the system's own, ``height_px`` logical pixels high."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    if family:
        font.setFamily(family)
    font.setPixelSize(height_px)
    return font
