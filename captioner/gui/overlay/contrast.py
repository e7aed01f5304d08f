"""Whether letters can be read, whatever is behind the overlay. Pure: colours in, ratios out.

Ratios are those of WCAG 2.2, from 1 (cannot be told apart) to 21 (black on white).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

Rgb = tuple[float, float, float]
"""A colour: red, green and blue, each from 0.0 to 1.0."""

LEAST: Final = 4.5
"""The smallest ratio at which text counts as readable."""

ENOUGH: Final = 4.7
"""What is aimed at: colours on a screen are rounded, translucent ones more than once."""

BLACK: Final[Rgb] = (0.0, 0.0, 0.0)
WHITE: Final[Rgb] = (1.0, 1.0, 1.0)

_LINEAR_UP_TO: Final = 0.04045

_GREYS: Final = 17


@dataclass(frozen=True, slots=True)
class Layer:
    """A colour and how much of it covers what is behind it, from 0.0 to 1.0."""

    colour: Rgb
    opacity: float = 1.0

    def over(self, behind: Rgb) -> Rgb:
        """Return what is seen of both."""
        return mixed(behind, self.colour, self.opacity)


def mixed(one: Rgb, other: Rgb, share: float) -> Rgb:
    """Return ``one`` with ``share`` of it replaced by ``other``."""
    red, green, blue = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return red, green, blue


def luminance(colour: Rgb) -> float:
    """Return how bright ``colour`` is to the eye, from 0 to 1."""
    parts = [
        part / 12.92 if part <= _LINEAR_UP_TO else ((part + 0.055) / 1.055) ** 2.4
        for part in colour
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def ratio(one: Rgb, other: Rgb) -> float:
    """Return the contrast of two colours."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def worst_ratio(text: Layer, *ground: Layer) -> float:
    """Return the smallest contrast of ``text`` on ``ground``, over any backdrop.

    Args:
        text: The letters.
        ground: What is painted behind them, the rearmost layer first; it may let the backdrop
            through.
    """
    is_lighter = is_darker = False
    worst = 21.0
    for backdrop in _backdrops(ground):
        behind = backdrop
        for layer in ground:
            behind = layer.over(behind)
        seen = text.over(behind)
        difference = luminance(seen) - luminance(behind)
        is_lighter = is_lighter or difference >= 0
        is_darker = is_darker or difference <= 0
        worst = min(worst, ratio(seen, behind))
    # Lighter than one backdrop and darker than another: one in between hides it entirely.
    return 1.0 if is_lighter and is_darker else worst


def opposite(colour: Rgb) -> Rgb:
    """Return black or white, whichever stands out more; either way by at least 4.5."""
    return max(BLACK, WHITE, key=lambda each: ratio(colour, each))


def least_opacity(text: Rgb, opacity: float, ground: Rgb) -> float:
    """Return ``opacity``, or as much more as letters on a solid ``ground`` need to be readable."""
    shares = (percent / 100 for percent in range(round(opacity * 100), 101))
    on = Layer(ground)
    enough = (share for share in shares if worst_ratio(Layer(text, share), on) >= ENOUGH)
    return max(opacity, next(enough, 1.0))


def dimmed(text: Rgb, toward: Rgb, *, most: float, readable_on: tuple[Layer, ...]) -> Rgb:
    """Return ``text`` mixed with up to ``most`` of ``toward``, as far as it stays readable."""
    for percent in range(round(most * 100), 0, -5):
        quieter = mixed(text, toward, percent / 100)
        if worst_ratio(Layer(quieter), *readable_on) >= ENOUGH:
            return quieter
    return text


def _backdrops(ground: tuple[Layer, ...]) -> Iterator[Rgb]:
    if any(layer.opacity >= 1 for layer in ground):
        yield BLACK
        return
    for step in range(_GREYS):
        grey = step / (_GREYS - 1)
        yield grey, grey, grey
    yield from product((0.0, 1.0), repeat=3)
