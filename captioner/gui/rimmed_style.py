"""Fusion, the style where the desktop has none, with controls that can be seen on any ground."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPalette, QPen
from PySide6.QtWidgets import QApplication, QProxyStyle, QStyle, QStyleOption, QWidget

_FUSION: Final = "fusion"
_STRENGTH: Final = 0.55
"""Share of the text's colour in a rim: at least 3:1 against the ground (WCAG 2.2, 1.4.11)."""

_ROUNDED: Final = 2.0
_BOX: Final = QStyle.PrimitiveElement.PE_IndicatorCheckBox
_CIRCLE: Final = QStyle.PrimitiveElement.PE_IndicatorRadioButton
_FIELD: Final = QStyle.PrimitiveElement.PE_FrameLineEdit


class RimmedStyle(QProxyStyle):
    """Draws a rim around boxes, circles and fields: Fusion's own is darker than a dark ground."""

    def __init__(self) -> None:
        """Draw all the rest as Fusion does."""
        super().__init__(_FUSION)

    def drawPrimitive(  # noqa: N802  # Qt's name
        self,
        element: QStyle.PrimitiveElement,
        option: QStyleOption,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        """Draw it, and the rim over it."""
        super().drawPrimitive(element, option, painter, widget)
        has_focus = bool(option.state & QStyle.StateFlag.State_HasFocus)
        if element not in (_BOX, _CIRCLE, _FIELD) or (element is _FIELD and has_focus):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(rim_colour(option.palette), 1.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        area = QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5)
        if element is _CIRCLE:
            painter.drawEllipse(area)
        else:
            painter.drawRoundedRect(area, _ROUNDED, _ROUNDED)
        painter.restore()


def rim_colour(palette: QPalette) -> QColor:
    """Return what stands out from the window of ``palette`` without being as loud as its text."""
    ground, text = (
        palette.color(QPalette.ColorRole.Window),
        palette.color(QPalette.ColorRole.WindowText),
    )
    mixed = (
        round(a + _STRENGTH * (b - a))
        for a, b in zip(ground.getRgb()[:3], text.getRgb()[:3], strict=True)  # type: ignore[index]
    )
    return QColor(*mixed)


def rim_controls(application: QApplication) -> None:
    """Use the style, unless the desktop has one of its own."""
    if application.style().objectName() == _FUSION:
        application.setStyle(RimmedStyle())
