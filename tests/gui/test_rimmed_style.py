"""Controls of Fusion can be seen on a light and on a dark ground."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QCheckBox, QLineEdit, QRadioButton, QWidget
from pytestqt.qtbot import QtBot

from captioner.gui.overlay.contrast import Rgb, ratio
from captioner.gui.rimmed_style import RimmedStyle

NEEDED = 3.0


@pytest.mark.parametrize(("ground", "text"), [("#2a2e32", "#fcfcfc"), ("#efefef", "#000000")])
@pytest.mark.parametrize("kind", [QCheckBox, QRadioButton, QLineEdit])
def test_the_rim_of_a_control_stands_out(
    qtbot: QtBot, kind: type[QWidget], ground: str, text: str
) -> None:
    control = kind()
    qtbot.addWidget(control)
    style = RimmedStyle()
    style.setParent(control)
    control.setStyle(style)
    palette = QPalette(QColor(ground))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text):
        palette.setColor(role, QColor(text))
    control.setPalette(palette)
    control.setFixedSize(120, 30)
    control.show()
    qtbot.waitExposed(control)

    picture = control.grab().toImage()
    middle = picture.height() // 2
    rim = [_rgb(QColor(picture.pixel(x, middle))) for x in range(6)]
    assert max(ratio(colour, _rgb(QColor(ground))) for colour in rim) >= NEEDED


def _rgb(colour: QColor) -> Rgb:
    return colour.redF(), colour.greenF(), colour.blueF()
