"""Which part of Qt shows the window, and what is said when none can."""

from __future__ import annotations

import pytest

from captioner.core.errors import UnsupportedError
from captioner.gui import display
from captioner.gui.display import choose_platform


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "_x_answers", lambda name: name == ":1")


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"DISPLAY": ":1"}, "xcb"),
        ({"DISPLAY": ":1", "WAYLAND_DISPLAY": "wayland-0"}, "xcb"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "wayland"),
        ({"DISPLAY": ":9", "WAYLAND_DISPLAY": "wayland-0"}, "wayland"),
        (
            {"DISPLAY": ":1", "WAYLAND_DISPLAY": "wayland-0", "QT_QPA_PLATFORM": "wayland"},
            "wayland",
        ),
        ({"QT_QPA_PLATFORM": "offscreen"}, "offscreen"),
        ({"QT_QPA_PLATFORM": "offscreen:size=1x1"}, "offscreen"),
    ],
)
def test_x11_comes_first_because_only_there_a_window_stays_on_top(
    answering: None, environ: dict[str, str], expected: str
) -> None:
    assert choose_platform(environ, system="linux") == expected


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "There is no display"),
        ({"DISPLAY": ""}, "There is no display"),
        ({"DISPLAY": ":9"}, "The display :9 does not answer"),
        ({"DISPLAY": ":1", "QT_QPA_PLATFORM": "wayland"}, "There is no display"),
        ({"WAYLAND_DISPLAY": "wayland-0", "QT_QPA_PLATFORM": "xcb"}, "There is no display"),
    ],
)
def test_no_display_is_an_error_with_a_way_out(
    answering: None, environ: dict[str, str], said: str
) -> None:
    with pytest.raises(UnsupportedError, match=said) as raised:
        choose_platform(environ, system="linux")

    assert "captioner live" in raised.value.hint


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_elsewhere_qt_chooses(system: str) -> None:
    assert choose_platform({}, system=system) == ""


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "_PLUGINS", {"xcb": "libqnothere.so"})

    with pytest.raises(UnsupportedError, match=r"libqnothere\.so") as raised:
        display.check_libraries("xcb")

    assert "apt install" in raised.value.hint


def test_the_libraries_of_this_computer_suffice() -> None:
    display.check_libraries("xcb")


def test_a_platform_that_qt_does_not_have_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="bogus") as caught:
        display.check_libraries("bogus")
    assert "offscreen" in caught.value.hint
    for platform in ("", "offscreen", "wayland-egl"):
        display.check_libraries(platform)
