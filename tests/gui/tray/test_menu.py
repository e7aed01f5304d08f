"""The menu, and the tray icon that carries it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSystemTrayIcon
from pytestqt.qtbot import QtBot

from captioner.core.health import Health, HealthState
from captioner.core.state import SessionState
from captioner.gui.icons import app_icon, health_icon
from captioner.gui.tray.icon import Tray
from captioner.gui.tray.menu import AppMenu


@dataclass(frozen=True)
class FoundDevice:
    kind: str
    name: str


DEVICES = [
    FoundDevice("system", "Speakers & more"),
    FoundDevice("system", "Headphones"),
    FoundDevice("microphone", "Webcam"),
]


@pytest.fixture
def menu(qtbot: QtBot) -> AppMenu:
    return AppMenu()


def titles(menu: QMenu) -> list[str]:
    return [
        action.text().replace("&&", "\0").replace("&", "").replace("\0", "&")
        for action in menu.actions()
        if not action.isSeparator()
    ]


def action(menu: QMenu, title: str) -> QAction:
    return menu.actions()[
        [
            a.text().replace("&&", "\0").replace("&", "").replace("\0", "&") for a in menu.actions()
        ].index(title)
    ]


def test_it_offers_what_makes_sense_in_each_state(menu: AppMenu, qtbot: QtBot) -> None:
    assert "Start captions" in titles(menu.menu)
    with qtbot.waitSignal(menu.start_wanted):
        action(menu.menu, "Start captions").trigger()

    for state in (SessionState.STARTING, SessionState.STREAMING, SessionState.RECONNECTING):
        menu.show_state(state)
        with qtbot.waitSignal(menu.stop_wanted):
            action(menu.menu, "Stop captions").trigger()

    menu.show_state(SessionState.STOPPING)
    assert not action(menu.menu, "Start captions").isEnabled()
    menu.show_state(SessionState.FAILED)
    assert action(menu.menu, "Start captions").isEnabled()


def test_it_begins_with_how_things_are(menu: AppMenu) -> None:
    menu.show_health(Health(HealthState.LISTENING, "Listening to Tom & Jerry."))
    assert titles(menu.menu)[0] == "Listening to Tom & Jerry."

    menu.show_health(Health(HealthState.FAILED, "x" * 200, "Do this."))

    assert len(titles(menu.menu)[0]) <= 70
    assert menu.menu.actions()[0].toolTip() == "Do this."


def test_the_sentence_leads_to_the_overlay_which_says_more(menu: AppMenu, qtbot: QtBot) -> None:
    menu.show_overlay_visible(visible=False)
    menu.show_health(Health(HealthState.FAILED, "The key was refused."))

    with qtbot.waitSignal(menu.overlay_wanted) as wanted:
        action(menu.menu, "The key was refused.").trigger()

    assert wanted.args == [True]


def test_devices_are_asked_for_and_offered_by_kind(menu: AppMenu, qtbot: QtBot) -> None:
    with qtbot.waitSignal(menu.devices_wanted):
        menu.sources.aboutToShow.emit()
    menu.show_devices(DEVICES)

    assert titles(menu.sources) == [
        "Automatic",
        "Microphone and system audio",
        "System audio (default device)",
        "Speakers & more",
        "Headphones",
        "Microphone (default device)",
        "Webcam",
    ]
    with qtbot.waitSignal(menu.source_wanted) as chosen:
        action(menu.sources, "Webcam").trigger()
    assert chosen.args == ["mic", "Webcam"]
    assert [a.text() for a in menu.sources.actions() if a.isChecked()] == ["Webcam"]
    with qtbot.waitSignal(menu.source_wanted) as chosen:
        action(menu.sources, "System audio (default device)").trigger()
    assert chosen.args == ["system", None]
    with qtbot.waitSignal(menu.source_wanted) as chosen:
        action(menu.sources, "Microphone and system audio").trigger()
    assert chosen.args == ["both", None]


def test_what_is_heard_is_ticked(menu: AppMenu) -> None:
    menu.show_devices(DEVICES)
    menu.show_source("system", "Headphones")

    ticked = [a.text() for a in menu.sources.actions() if a.isChecked()]
    assert ticked == ["Headphones"]


def test_hiding_and_showing(menu: AppMenu, qtbot: QtBot) -> None:
    with qtbot.waitSignal(menu.overlay_wanted) as wanted:
        action(menu.menu, "Hide captions").trigger()
    assert wanted.args == [False]
    menu.show_overlay_visible(visible=False)
    assert not action(menu.menu, "Arrange captions").isEnabled()
    with qtbot.waitSignal(menu.overlay_wanted) as wanted:
        action(menu.menu, "Show captions").trigger()
    assert wanted.args == [True]


def test_without_a_tray_captions_cannot_be_hidden_for_good(menu: AppMenu) -> None:
    menu.allow_hiding(allowed=False)

    assert not action(menu.menu, "Hide captions").isEnabled()
    assert action(menu.menu, "Hide captions").toolTip()


def test_arrange_and_quit(menu: AppMenu, qtbot: QtBot) -> None:
    with qtbot.waitSignal(menu.arrange_wanted):
        action(menu.menu, "Arrange captions").trigger()
    with qtbot.waitSignal(menu.quit_wanted):
        action(menu.menu, "Quit").trigger()


def test_the_tray_icon_shows_the_health(menu: AppMenu) -> None:
    tray = Tray(menu.menu)
    tray.show_health(Health(HealthState.NO_AUDIO, "Nothing is playing.", "Play something."))

    assert tray.state is HealthState.NO_AUDIO
    assert tray.icon.toolTip() == "Captioner\nNothing is playing.\nPlay something."
    assert tray.icon.contextMenu() is menu.menu


def test_a_click_on_the_icon_is_told_and_a_right_click_is_not(menu: AppMenu, qtbot: QtBot) -> None:
    tray = Tray(menu.menu)

    with qtbot.waitSignal(tray.clicked):
        tray.icon.activated.emit(QSystemTrayIcon.ActivationReason.Trigger)
    with qtbot.assertNotEmitted(tray.clicked):
        tray.icon.activated.emit(QSystemTrayIcon.ActivationReason.Context)


@pytest.mark.parametrize("size", [16, 22, 48])
def test_states_differ_in_shape_not_only_in_colour(qtbot: QtBot, size: int) -> None:
    shapes = {
        state: health_icon(state)
        .pixmap(QSize(size, size))
        .toImage()
        .convertToFormat(
            health_icon(state).pixmap(QSize(size, size)).toImage().Format.Format_Grayscale8
        )
        for state in HealthState
    }
    for state, one in shapes.items():
        for other_state, other in shapes.items():
            if state is not other_state:
                differing = sum(
                    (one.pixelColor(x, y).lightness() > 110)
                    != (other.pixelColor(x, y).lightness() > 110)
                    for x in range(size)
                    for y in range(size)
                )
                assert differing >= size // 5, (state, other_state)


def test_the_program_has_an_icon_of_its_own(qtbot: QtBot) -> None:
    assert not app_icon().pixmap(QSize(32, 32)).isNull()
