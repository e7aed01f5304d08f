"""Colours of small print and of problems, readable on whatever ground the system's theme has."""

from __future__ import annotations

from typing import Final

from PySide6.QtGui import QColor, QPalette

from captioner.gui.overlay.contrast import Layer, Rgb, dimmed, luminance

_QUIETER: Final = 0.3
_BAD_ON_LIGHT: Final = "#9b1c1c"
_BAD_ON_DARK: Final = "#ffb4ab"
_HALF: Final = 0.18


def style_sheet(palette: QPalette) -> str:
    """Return the style of the settings dialog on ``palette``."""
    window = _rgb(palette.color(QPalette.ColorRole.Window))
    text = _rgb(palette.color(QPalette.ColorRole.WindowText))
    help_colour = dimmed(text, window, most=_QUIETER, readable_on=(Layer(window),))
    bad = _BAD_ON_DARK if luminance(window) < _HALF else _BAD_ON_LIGHT
    accent = palette.color(QPalette.ColorRole.Highlight).name()
    return (
        f'QLabel[role="help"] {{ color: {QColor.fromRgbF(*help_colour).name()}; }}'
        f'QLabel[role="problem"] {{ color: {bad}; }}'
        f'QWidget[isFound="true"] {{ border: 2px solid {accent}; border-radius: 4px; }}'
    )


def _rgb(colour: QColor) -> Rgb:
    return colour.redF(), colour.greenF(), colour.blueF()
