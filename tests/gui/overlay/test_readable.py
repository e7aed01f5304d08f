"""Captions can be read: measured on pixels, for every preset, over whatever is behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QBrush, QColor, QGuiApplication, QImage, QPainter, QRegion
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from captioner.gui.overlay.contrast import (
    LEAST,
    Layer,
    Rgb,
    luminance,
    opposite,
    ratio,
    worst_ratio,
)
from captioner.gui.overlay.look import Look
from captioner.gui.overlay.presets import PRESETS, Preset, preset_of
from captioner.gui.overlay.view import CaptionView
from captioner.gui.overlay.window import Overlay
from captioner.settings.overlay import OverlaySettings
from tests.support.scripted_session import LISTENING, caption

Pixels = npt.NDArray[np.uint8]

_SOLID = 250
_colours = st.tuples(*[st.floats(0, 1) for _ in range(3)])
_layers = st.builds(Layer, _colours, st.floats(0, 1))


def fill_white(painter: QPainter) -> None:
    painter.fillRect(painter.viewport(), QColor("white"))


def fill_black(painter: QPainter) -> None:
    painter.fillRect(painter.viewport(), QColor("black"))


def fill_grey(painter: QPainter) -> None:
    painter.fillRect(painter.viewport(), QColor("#808080"))


def fill_busy(painter: QPainter) -> None:
    painter.fillRect(painter.viewport(), QColor("#ffe000"))
    painter.fillRect(painter.viewport(), QBrush(QColor("#0040ff"), Qt.BrushStyle.DiagCrossPattern))
    painter.fillRect(painter.viewport(), QBrush(QColor("white"), Qt.BrushStyle.Dense6Pattern))


@pytest.fixture(scope="module")
def overlay(qapp: object) -> Overlay:
    overlay = Overlay(OverlaySettings())
    overlay.resize(760, 420)
    overlay.show_health(LISTENING)
    overlay.show_caption(caption(0, "Words that stay", is_final=True, channel="Anna"))
    overlay.show_caption(caption(1, "words that may change", channel="Ben"))
    return overlay


@pytest.mark.parametrize("fill", [fill_white, fill_black, fill_grey, fill_busy])
@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.key)
def test_every_preset_can_be_read_over_anything(
    overlay: Overlay, preset: Preset, fill: Callable[[QPainter], None]
) -> None:
    overlay.restyle(preset.applied_to(OverlaySettings()))
    look = overlay._look

    picture = pixels(overlay, fill)
    for colour in (look.text, look.partial, look.label):
        assert measured(overlay.view, picture, look, colour) >= LEAST


@pytest.mark.parametrize(
    "settings",
    [
        OverlaySettings(window_opacity=0.0),
        OverlaySettings(window_opacity=0.2, text_colour="#0000ff"),
        OverlaySettings(text_opacity=0.1),
        OverlaySettings(text_colour="#808080", background_colour="#808080", background_opacity=1),
        OverlaySettings(window_opacity=0.0, edge="raised", text_colour="#ff0000"),
    ],
    ids=["no window", "blue", "faint", "grey on grey", "raised"],
)
def test_what_could_not_be_read_gets_an_outline_and_the_reader_is_told(
    overlay: Overlay, settings: OverlaySettings
) -> None:
    settings = settings.model_copy(update={"size_percent": 150, "weight": "bold"})
    overlay.restyle(settings)

    assert overlay._look.edge == "outline"
    assert "outline" in Look.from_settings(settings).advice
    for fill in (fill_white, fill_black, fill_grey, fill_busy):
        picture = pixels(overlay, fill)
        assert measured(overlay.view, picture, overlay._look, overlay._look.text) >= LEAST


def test_what_can_be_read_is_left_as_it_was_asked_for() -> None:
    for preset in PRESETS:
        assert Look.from_settings(preset.applied_to(OverlaySettings())).advice == ""


def test_a_font_that_is_missing_is_named(overlay: Overlay) -> None:
    assert "Nowhere Sans" in Look.from_settings(OverlaySettings(font_family="Nowhere Sans")).advice


def test_presets_are_told_apart_and_change_only_looks() -> None:
    mine = OverlaySettings(lines=5, font_family="Serif")
    for preset in PRESETS:
        assert preset_of(preset.applied_to(mine)) is preset
        assert preset.applied_to(mine).lines == 5
    assert preset_of(OverlaySettings(text_colour="#123456")) is None


def test_the_wish_of_the_system_is_followed_while_running(qtbot: QtBot) -> None:
    overlay = Overlay(OverlaySettings(text_colour="#ff00ff"))
    qtbot.addWidget(overlay, before_close_func=lambda widget: widget.hide())
    style_hints = QGuiApplication.styleHints()
    hints = style_hints.accessibility()

    hints.contrastPreferenceChanged.emit(Qt.ContrastPreference.HighContrast)
    assert overlay._look.text.name() == "#ffffff"
    overlay.restyle(OverlaySettings(text_colour="#ff00ff", follow_contrast=False))
    assert overlay._look.text.name() == "#ff00ff"
    overlay.restyle(OverlaySettings(text_colour="#ff00ff"))
    hints.contrastPreferenceChanged.emit(Qt.ContrastPreference.NoPreference)
    assert overlay._look.text.name() == "#ff00ff"


@given(_layers, _layers, _layers, _colours)
def test_no_backdrop_is_worse_than_the_worst(
    text: Layer, box: Layer, window: Layer, backdrop: Rgb
) -> None:
    behind = box.over(window.over(backdrop))
    seen = text.over(behind)

    worst = worst_ratio(text, window, box)
    assert worst <= ratio(seen, behind) * 1.05 or worst < LEAST


@given(_colours)
def test_black_or_white_can_be_told_from_any_colour(colour: Rgb) -> None:
    assert ratio(colour, opposite(colour)) >= LEAST


def test_black_on_white_is_twenty_one() -> None:
    assert ratio((0, 0, 0), (1, 1, 1)) == pytest.approx(21)
    assert luminance((1, 1, 1)) == pytest.approx(1)


def pixels(widget: QWidget, fill: Callable[[QPainter], None]) -> Pixels:
    picture = QImage(widget.size(), QImage.Format.Format_RGB32)
    painter = QPainter(picture)
    fill(painter)
    painter.end()
    widget.render(picture, QPoint(), QRegion(), QWidget.RenderFlag.DrawChildren)
    return _as_array(picture)


def measured(view: CaptionView, picture: Pixels, look: Look, colour: QColor) -> float:
    """Return the contrast of the letters in ``colour`` to what is next to them, at its worst."""
    clear = QColor(0, 0, 0, 0)
    plain = replace(look, edge="none", box=clear)
    hide = {name: clear for name in ("text", "partial", "label") if getattr(look, name) != colour}
    show = {
        name: QColor("white")
        for name in ("text", "partial", "label")
        if getattr(look, name) == colour
    }
    view.restyle(replace(plain, **{**hide, **show}))
    mask = pixels(view, fill_black)[:, :, 1]
    view.restyle(look)
    left, top = view.x(), view.y()
    seen = picture[top : top + view.height(), left : left + view.width()]
    solid = mask >= _SOLID
    beside = (mask == 0) & _next_to(mask >= 128)
    letters = np.median(seen[solid], axis=0) / 255
    grounds = np.unique(seen[beside].reshape(-1, 3), axis=0) / 255
    assert solid.sum() > 20
    assert len(grounds)
    return min(ratio(tuple(letters), tuple(ground)) for ground in grounds)


def _next_to(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    near = np.zeros_like(mask)
    near[1:] |= mask[:-1]
    near[:-1] |= mask[1:]
    near[:, 1:] |= mask[:, :-1]
    near[:, :-1] |= mask[:, 1:]
    return near


def _as_array(picture: QImage) -> Pixels:
    shape = (picture.height(), picture.bytesPerLine() // 4, 4)
    array = np.frombuffer(picture.constBits(), np.uint8).reshape(shape)
    return array[:, : picture.width(), 2::-1].copy()
