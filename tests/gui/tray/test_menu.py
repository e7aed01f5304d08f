"""The menu, and the tray icon that carries it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations

import pytest
from PySide6.QtCore import QLocale, QSize, QTranslator
from PySide6.QtGui import QAction, QImage
from PySide6.QtWidgets import QApplication, QMenu, QSystemTrayIcon
from pytestqt.qtbot import QtBot

from captioner.core.health import Health, HealthState
from captioner.core.state import SessionState
from captioner.gui.commands import Command
from captioner.gui.icons import app_icon, health_icon
from captioner.gui.text.language import speak
from captioner.gui.tray.icon import Tray
from captioner.gui.tray.menu import AppMenu
from captioner.settings.models import AudioSettings, Settings


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


def test_the_sentence_leads_to_the_status_which_says_more(menu: AppMenu, qtbot: QtBot) -> None:
    menu.show_health(Health(HealthState.FAILED, "The key was refused."))

    with qtbot.waitSignal(menu.command_wanted) as wanted:
        action(menu.menu, "The key was refused.").trigger()

    assert wanted.args == [Command.STATUS]


def test_devices_are_offered_by_kind_and_both_at_once(menu: AppMenu, qtbot: QtBot) -> None:
    sources = menu.sources
    sources.show_devices(DEVICES)

    assert titles(sources) == [
        "Automatic",
        "Microphone and system audio",
        "Microphone (default device)",
        "Webcam",
        "System audio (default device)",
        "Speakers & more",
        "Headphones",
    ]
    for submenu, title, changes in (
        (sources, "Webcam", {"audio.source": "mic", "audio.device": "Webcam"}),
        (sources, "Speakers & more", {"audio.source": "system", "audio.device": DEVICES[0].name}),
        (sources.both, "Webcam", {"audio.source": "both", "audio.mic_device": "Webcam"}),
        (sources.both, "Headphones", {"audio.source": "both", "audio.system_device": "Headphones"}),
        (
            sources.both,
            "System audio (default device)",
            {"audio.source": "both", "audio.system_device": None},
        ),
    ):
        with qtbot.waitSignal(menu.change_wanted) as wanted:
            action(submenu, title).trigger()
        assert wanted.args == [changes]


def ticked(menu: QMenu) -> list[str]:
    return [a.text() for a in menu.actions() if a.isChecked()]


def test_what_is_heard_is_ticked(menu: AppMenu) -> None:
    sources = menu.sources
    sources.show_devices(DEVICES)
    sources.show_source(AudioSettings(source="system", device="Headphones"))
    assert ticked(sources) == ["Headphones"]
    assert ticked(sources.both) == []

    sources.show_source(AudioSettings(source="both", mic_device="Webcam"))
    assert ticked(sources) == ["Microphone an&d system audio"]
    assert ticked(sources.both) == ["Webcam", "&System audio (default device)"]


def test_a_choice_stays_ticked_when_it_is_chosen_once_more(menu: AppMenu) -> None:
    holding = next(a for a in menu.sources.actions() if a.isChecked())
    holding.trigger()
    menu.show_settings(Settings())
    assert ticked(menu.sources) == ["&Automatic"]


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
    assert not action(menu.menu, "Hide captions").isVisible()

    menu.show_overlay_visible(visible=False)
    menu.allow_hiding(allowed=False)
    assert action(menu.menu, "Show captions").isVisible()


def test_what_is_said_is_kept_or_not_at_a_click(menu: AppMenu, qtbot: QtBot) -> None:
    kept = action(menu.menu, "Keep what is said")
    assert kept.isChecked()
    with qtbot.waitSignal(menu.change_wanted) as wanted:
        kept.trigger()
    assert wanted.args == [{"history.is_kept": False}]
    menu.show_settings(Settings.model_validate({"history": {"is_kept": False}}))
    assert not kept.isChecked()


def test_what_is_a_command(menu: AppMenu, qtbot: QtBot) -> None:
    for title, command in (
        ("Pause captions", Command.PAUSE),
        ("Copy captions", Command.COPY),
        ("Arrange captions", Command.ARRANGE),
        ("Clicks go through", Command.CLICK_THROUGH),
        ("Settings…", Command.SETTINGS),
        ("First steps…", Command.WELCOME),
        ("Quit", Command.QUIT),
    ):
        with qtbot.waitSignal(menu.command_wanted) as wanted:
            action(menu.menu, title).trigger()
        assert wanted.args == [command]
    with qtbot.waitSignal(menu.page_wanted) as page:
        action(menu.menu, "About Captioner").trigger()
    assert page.args == ["about"]


@pytest.mark.parametrize("language", ["en", "de"])
def test_no_two_entries_have_one_key(qapp: QApplication, language: str) -> None:
    with speaking(qapp, language):
        menu = AppMenu()
        menu.vocabularies.show_choices([("R&&D", "R&D")], "")
        for state in (SessionState.IDLE, SessionState.STREAMING):
            for visible in (True, False):
                menu.show_state(state)
                menu.show_overlay_visible(visible=visible)
                for each in (
                    menu.menu,
                    menu.sources,
                    menu.sources.both,
                    menu.vocabularies,
                    menu.places,
                ):
                    keys = [key for a in each.actions() if (key := mnemonic(a.text()))]
                    assert len(set(keys)) == len(keys), (each.title(), sorted(keys))
                keys = [mnemonic(a.text()) for a in menu.menu.actions() if a.text()]
                assert all(keys), [a.text() for a in menu.menu.actions()]


def mnemonic(title: str) -> str:
    found = re.search(r"&([^&])", title.replace("&&", ""))
    return found[1].lower() if found else ""


@contextmanager
def speaking(qapp: QApplication, language: str) -> Iterator[None]:
    before, locale = qapp.layoutDirection(), QLocale()
    assert speak(qapp, language) == language
    try:
        yield
    finally:
        for translator in qapp.findChildren(QTranslator):
            qapp.removeTranslator(translator)
            translator.deleteLater()
        QLocale.setDefault(locale)
        qapp.setLayoutDirection(before)


def test_the_tray_icon_shows_the_health(menu: AppMenu) -> None:
    tray = Tray(menu.menu)
    tray.show_health(Health(HealthState.NO_AUDIO, "Nothing is playing.", "Play something."))

    assert tray.icon.toolTip() == "Captioner\nNothing is playing.\nPlay something."
    assert tray.icon.contextMenu() is menu.menu

    drawn = tray.icon.icon().cacheKey()
    tray.show_held(is_held=True)
    assert tray.icon.toolTip().startswith("Captioner\nPaused\n")
    assert tray.icon.icon().cacheKey() != drawn


def test_a_click_on_the_icon_is_told_and_a_right_click_is_not(menu: AppMenu, qtbot: QtBot) -> None:
    tray = Tray(menu.menu)

    with qtbot.waitSignal(tray.clicked):
        tray.icon.activated.emit(QSystemTrayIcon.ActivationReason.Trigger)
    with qtbot.assertNotEmitted(tray.clicked):
        tray.icon.activated.emit(QSystemTrayIcon.ActivationReason.Context)


@pytest.mark.parametrize("size", [16, 22, 48])
def test_states_differ_in_shape_not_only_in_colour(qtbot: QtBot, size: int) -> None:
    icons = {str(state): health_icon(state) for state in HealthState}
    icons["paused"] = health_icon(HealthState.LISTENING, is_held=True)
    shapes = {
        name: icon.pixmap(QSize(size, size))
        .toImage()
        .convertToFormat(QImage.Format.Format_Grayscale8)
        for name, icon in icons.items()
    }
    for (name, one), (other_name, other) in combinations(shapes.items(), 2):
        differing = sum(
            (one.pixelColor(x, y).lightness() > 110) != (other.pixelColor(x, y).lightness() > 110)
            for x in range(size)
            for y in range(size)
        )
        assert differing >= size // 5, (name, other_name)


def test_trouble_goes_before_a_pause(qtbot: QtBot) -> None:
    for state in (HealthState.FAILED, HealthState.NO_AUDIO, HealthState.RECONNECTING):
        held = health_icon(state, is_held=True).pixmap(QSize(22, 22)).toImage()
        assert held == health_icon(state).pixmap(QSize(22, 22)).toImage()


def test_the_program_has_an_icon_of_its_own(qtbot: QtBot) -> None:
    assert not app_icon().pixmap(QSize(32, 32)).isNull()
