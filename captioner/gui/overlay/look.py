"""Fonts and colours of the overlay, from its settings, and never too faint to be read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetricsF

from captioner.core.health import HealthState
from captioner.gui.overlay.contrast import (
    ENOUGH,
    LEAST,
    Layer,
    Rgb,
    dimmed,
    least_opacity,
    opposite,
    worst_ratio,
)
from captioner.gui.overlay.placement import Measure
from captioner.settings.overlay import Edge, OverlaySettings

TEXT: Final = QColor("#ffffff")
QUIET_TEXT: Final = QColor("#d0d0d0")
"""For small print: dimmer, but still 6.5:1 on the background over white."""
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
_EDGE_SHARE: Final = 0.06
_EDGE_LEAST_PX: Final = 1.5
_DIMMED_SHARE: Final = 0.25
_WEIGHTS: Final = {
    "normal": QFont.Weight.Normal,
    "medium": QFont.Weight.Medium,
    "bold": QFont.Weight.Bold,
}
_HIGH_CONTRAST: Final = {
    "text_colour": "#ffffff",
    "text_opacity": 1.0,
    "background_colour": "#000000",
    "background_opacity": 1.0,
    "window_colour": "#000000",
    "window_opacity": 1.0,
    "edge": "none",
}


@dataclass(frozen=True, slots=True)
class Look:
    """What painting needs to know.

    Attributes:
        font: Font of the captions.
        small_font: Font of the status line.
        background: Colour of the whole window, with its opacity.
        box: Colour behind the letters of each line, with its opacity.
        text: Colour of letters that will not change, with their opacity.
        partial: Colour of words that may still change, and of marks.
        label: Colour of the speaker's name.
        edge: What makes letters stand out.
        edge_colour: Colour of that.
        message_ground: Put behind a message, where the window alone does not do.
        status_ground: Put behind dot and status line, where the window is not dark enough.
        shows_partials: Whether words that may still change are painted.
        shows_labels: Whether the speaker is named.
        glides: Whether a new line glides in.
        fade_after_s: Silence after which captions fade; None keeps them.
        advice: Says what was changed so that the captions can be read; empty if nothing was.
    """

    font: QFont
    small_font: QFont
    background: QColor
    box: QColor
    text: QColor
    partial: QColor
    label: QColor
    edge: Edge
    edge_colour: QColor
    message_ground: QColor | None
    status_ground: QColor | None
    shows_partials: bool
    shows_labels: bool
    glides: bool
    fade_after_s: float | None
    advice: str

    @classmethod
    def from_settings(cls, settings: OverlaySettings, *, high_contrast: bool = False) -> Look:
        """Build the look that ``settings`` ask for; needs a QApplication.

        Args:
            settings: What the user wants.
            high_contrast: Whether the system wants high contrast.
        """
        if high_contrast and settings.follow_contrast:
            settings = settings.model_copy(update=_HIGH_CONTRAST)
        height_px = round(settings.font_px * settings.size_percent / 100)
        small_px = max(_SMALLEST_PX, round(height_px * _SMALL_SHARE))
        window = Layer(_rgb(settings.window_colour), settings.window_opacity)
        box = Layer(_rgb(settings.background_colour), settings.background_opacity)
        colour = _rgb(settings.text_colour)
        edge_rgb = opposite(colour)
        edge, opacity = settings.edge, settings.text_opacity
        ground: tuple[Layer, ...] = (window, box)
        if worst_ratio(Layer(colour, opacity), *ground) < ENOUGH:
            edge, ground = "outline", (Layer(edge_rgb),)
            opacity = least_opacity(colour, opacity, edge_rgb)
        partial = colour
        if settings.partials == "dimmed" and opacity == 1.0:
            partial = dimmed(colour, edge_rgb, most=_DIMMED_SHARE, readable_on=ground)
        is_message_clear = worst_ratio(Layer(partial, opacity), window) >= ENOUGH
        is_status_clear = all(
            worst_ratio(Layer(_rgb(each.name())), window) >= LEAST
            for each in (QUIET_TEXT, MOCK, *HEALTH_COLOURS.values())
        )
        return cls(
            font=make_font(settings.font_family, height_px, settings.weight),
            small_font=make_font(settings.font_family, small_px),
            background=_colour(window),
            box=_colour(box),
            text=_colour(Layer(colour, opacity)),
            partial=_colour(Layer(partial, opacity)),
            label=_colour(Layer(partial, opacity)),
            edge=edge,
            edge_colour=_colour(Layer(edge_rgb)),
            message_ground=None if is_message_clear else _colour(Layer(edge_rgb)),
            status_ground=None if is_status_clear else QColor(BACKGROUND),
            shows_partials=settings.partials != "hidden",
            shows_labels=settings.speaker_labels,
            glides=settings.smooth_scroll,
            fade_after_s=settings.fade_after_s if settings.on_silence == "fade" else None,
            advice=_advice(settings, edge, opacity),
        )

    @property
    def line_height(self) -> int:
        """Distance from one line of captions to the next, in logical pixels."""
        return math.ceil(QFontMetricsF(self.font).height() * _LINE_SHARE)

    @property
    def status_height(self) -> int:
        """Height of the status line, in logical pixels."""
        return math.ceil(QFontMetricsF(self.small_font).height()) + 2

    @property
    def edge_px(self) -> float:
        """Thickness of the edges of letters, in logical pixels."""
        return max(_EDGE_LEAST_PX, self.font.pixelSize() * _EDGE_SHARE)

    @property
    def margin(self) -> int:
        """Room beside the letters of a line for their edges and box, in logical pixels."""
        return math.ceil(self.edge_px)

    def measure(self, settings: OverlaySettings) -> Measure:
        """Return what the size of the overlay follows from in this look."""
        return Measure(
            lines=settings.lines,
            line_height=self.line_height,
            around=PADDING_TOP + self.status_height + PADDING_BOTTOM,
            columns=settings.columns,
            width=self.width_of_columns(settings.columns) + 2 * PADDING_X,
        )

    def width_of_columns(self, columns: int) -> int:
        """Return how wide about ``columns`` letters of running text are, in logical pixels."""
        sample = "the quick brown fox jumps over the lazy dog "
        width = QFontMetricsF(self.font).horizontalAdvance(sample) / len(sample)
        return math.ceil(width * columns) + 2 * self.margin


def make_font(family: str, height_px: int, weight: str = "normal") -> QFont:
    """Return the font called ``family``, or the system's own, ``height_px`` logical pixels high."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    if family and QFontDatabase.hasFamily(family):
        font.setFamily(family)
    font.setPixelSize(height_px)
    font.setWeight(_WEIGHTS[weight])
    return font


def _advice(settings: OverlaySettings, edge: Edge, opacity: float) -> str:
    """Say, in the user's language, what is painted otherwise than it was asked for."""
    translate = QCoreApplication.translate
    sentences = []
    if settings.font_family and not QFontDatabase.hasFamily(settings.font_family):
        text = translate(
            "Look", "The font “{family}” is not installed; the system's own stands in."
        )
        sentences.append(text.format(family=settings.font_family))
    if opacity > settings.text_opacity:
        text = translate(
            "Look", "The letters are painted more solid, because they could not be read."
        )
        sentences.append(text)
    if edge != settings.edge:
        text = translate(
            "Look",
            "Over some windows these colours could not be read, so the letters get an outline. "
            "A more solid box or window makes it unnecessary.",
        )
        sentences.append(text)
    return " ".join(sentences)


def _rgb(name: str) -> Rgb:
    colour = QColor(name)
    return colour.redF(), colour.greenF(), colour.blueF()


def _colour(layer: Layer) -> QColor:
    colour = QColor.fromRgbF(*layer.colour)
    colour.setAlphaF(layer.opacity)
    return colour
