"""What each desktop lets a window do, and that what is missing is explained."""

from __future__ import annotations

from dataclasses import fields

import pytest

from captioner.gui.desktop.abilities import Abilities

_NAMES = [field.name for field in fields(Abilities)]
_WAYLAND = {"WAYLAND_DISPLAY": "wayland-0"}


def _possible(abilities: Abilities) -> set[str]:
    return {name for name in _NAMES if getattr(abilities, name)}


@pytest.mark.parametrize(
    ("platform", "environ", "build", "missing"),
    [
        ("xcb", {}, 0, {"capture_exclusion"}),
        ("xcb", _WAYLAND, 0, {"capture_exclusion", "global_shortcuts"}),
        (
            "wayland",
            _WAYLAND,
            0,
            {"capture_exclusion", "global_shortcuts", "keeps_above", "places_itself"},
        ),
        ("windows", {}, 22631, set()),
        ("windows", {}, 17763, {"capture_exclusion"}),
        ("cocoa", {}, 0, {"capture_exclusion", "global_shortcuts"}),
    ],
)
def test_each_desktop_has_its_abilities(
    platform: str, environ: dict[str, str], build: int, missing: set[str]
) -> None:
    abilities = Abilities.of(platform, environ, windows_build=build)
    assert _possible(abilities) == set(_NAMES) - missing


def test_what_is_missing_is_explained_and_nothing_else() -> None:
    abilities = Abilities.of("wayland", _WAYLAND)
    explained = {name for name in _NAMES if abilities.missing(name)}
    assert explained == set(_NAMES) - _possible(abilities)
    assert len({abilities.missing(name) for name in explained}) == len(explained)


def test_a_platform_that_nobody_knows_promises_little() -> None:
    assert _possible(Abilities.of("vnc", {})) == {"keeps_above", "places_itself"}
