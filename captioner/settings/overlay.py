"""How the overlay looks and where it is."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from captioner.settings.base import SettingsModel

_COLOUR: Final = r"^#[0-9a-f]{6}$"

Edge = Literal["none", "raised", "depressed", "outline", "shadow"]
Dock = Literal["floating", "top", "bottom", "full"]
Partials = Literal["shown", "dimmed", "hidden"]
Silence = Literal["keep", "fade"]
Weight = Literal["normal", "medium", "bold"]


class WindowGeometry(SettingsModel):
    """Where the overlay was left, in logical pixels of the virtual desktop."""

    x: int
    y: int
    width: int = Field(ge=160)
    height: int = Field(ge=24)


class OverlaySettings(SettingsModel):
    """How the overlay looks and behaves.

    The three opacities are those of the FCC (47 CFR 79.103): of the letters, of a box behind the
    letters, and of the whole window. All are 0.0 (nothing to be seen) to 1.0 (solid).

    Attributes:
        lines: Lines of text that are visible.
        columns: Characters that fit on a line of the default width; lines break at the real one.
        font_family: Name of the font; empty takes the system's.
        font_px: Height of the font in logical pixels at a size of 100 %.
        size_percent: Size of the text, in percent of ``font_px``.
        weight: Thickness of the letters.
        text_colour: Colour of the letters, as ``#rrggbb``.
        text_opacity: Of the letters.
        background_colour: Colour of the box behind the letters of each line.
        background_opacity: Of that box.
        window_colour: Colour of the whole window.
        window_opacity: Of the whole window, letters left out.
        edge: What makes letters stand out from what is behind them.
        follow_contrast: Whether the system's wish for high contrast goes before the colours,
            opacities and edge that are set here.
        partials: Whether words that may still change are shown like final ones, dimmed, or not.
        speaker_labels: Whether the speaker is named, where there is more than one.
        on_silence: Whether captions stay while nobody speaks, or fade.
        fade_after_s: After so many seconds without a new word they fade.
        smooth_scroll: Whether a new line glides in, or is there at once.
        dock: ``floating`` where it was left; ``top`` or ``bottom`` over the width of a screen;
            ``full`` over the whole screen.
        screen: Name of the screen to dock to; empty takes the one where the overlay was.
        click_through: Whether the mouse reaches what is behind the overlay.
        hide_from_capture: Whether the system is asked to leave it out of screen captures.
        geometry: Where it was left floating; None puts it at the bottom of the main screen.
    """

    lines: int = Field(default=2, ge=1, le=8)
    columns: int = Field(default=42, ge=20, le=120)
    font_family: str = ""
    font_px: int = Field(default=28, ge=12, le=120)
    size_percent: int = Field(default=100, ge=50, le=200)
    weight: Weight = "normal"
    text_colour: str = Field(default="#ffffff", pattern=_COLOUR)
    text_opacity: float = Field(default=1.0, ge=0.0, le=1.0)
    background_colour: str = Field(default="#000000", pattern=_COLOUR)
    background_opacity: float = Field(default=0.0, ge=0.0, le=1.0)
    window_colour: str = Field(default="#000000", pattern=_COLOUR)
    window_opacity: float = Field(default=0.75, ge=0.0, le=1.0)
    edge: Edge = "none"
    follow_contrast: bool = True
    partials: Partials = "dimmed"
    speaker_labels: bool = True
    on_silence: Silence = "keep"
    fade_after_s: float = Field(default=10.0, ge=2.0, le=120.0)
    smooth_scroll: bool = True
    dock: Dock = "floating"
    screen: str = ""
    click_through: bool = False
    hide_from_capture: bool = False
    geometry: WindowGeometry | None = None
