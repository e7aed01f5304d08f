"""Looks to start from, by name; each is a set of settings that the user may change afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from captioner.settings.overlay import OverlaySettings

_FIELDS: Final = (
    "size_percent",
    "weight",
    "text_colour",
    "text_opacity",
    "background_colour",
    "background_opacity",
    "window_colour",
    "window_opacity",
    "edge",
)
_BLACK: Final = {"window_colour": "#000000", "window_opacity": 1.0}


@dataclass(frozen=True, slots=True)
class Preset:
    """A look to start from.

    Attributes:
        key: Its name in code.
        title: Its name for people, a literal that is translated when it is shown.
        values: What is other than by default, by field of `OverlaySettings`.
    """

    key: str
    title: object
    values: Mapping[str, object]

    @property
    def translated_title(self) -> str:
        """Its name in the user's language."""
        return QCoreApplication.translate("Presets", str(self.title))

    @property
    def changes(self) -> dict[str, object]:
        """What applying it changes, by dotted field name, for `LiveSettings.change`."""
        settings = OverlaySettings.model_validate(dict(self.values))
        return {f"overlay.{field}": getattr(settings, field) for field in _FIELDS}

    def applied_to(self, settings: OverlaySettings) -> OverlaySettings:
        """Return ``settings`` with this look."""
        values = {name.removeprefix("overlay."): value for name, value in self.changes.items()}
        return settings.model_copy(update=values)


PRESETS: Final = (
    Preset("default", QT_TRANSLATE_NOOP("Presets", "Default"), {}),
    Preset(
        "high-contrast", QT_TRANSLATE_NOOP("Presets", "High contrast"), {"weight": "bold", **_BLACK}
    ),
    Preset("large", QT_TRANSLATE_NOOP("Presets", "Large"), {"size_percent": 150}),
    Preset(
        "large-high-contrast",
        QT_TRANSLATE_NOOP("Presets", "Large, high contrast"),
        {"size_percent": 200, "weight": "bold", **_BLACK},
    ),
    Preset(
        "yellow-on-black",
        QT_TRANSLATE_NOOP("Presets", "Yellow on black"),
        {"text_colour": "#ffff00", **_BLACK},
    ),
    Preset(
        "outline",
        QT_TRANSLATE_NOOP("Presets", "Outline without a box"),
        {"window_opacity": 0.0, "edge": "outline", "weight": "bold"},
    ),
    Preset(
        "light",
        QT_TRANSLATE_NOOP("Presets", "Light"),
        {"text_colour": "#000000", "window_colour": "#ffffff", "window_opacity": 0.95},
    ),
)


def preset_of(settings: OverlaySettings) -> Preset | None:
    """Return the preset that ``settings`` look like, if they look like one."""
    return next((each for each in PRESETS if each.applied_to(settings) == settings), None)
