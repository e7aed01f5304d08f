"""The page on audio: devices that come and go, and how loud it is."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QWidget

from captioner.core.audio import AudioLevel
from captioner.core.errors import AudioDeviceError
from captioner.core.events import LevelChanged
from captioner.gui.health.level_meter import LevelMeter
from captioner.gui.preferences.audio_page import AudioPage
from tests.gui.preferences.conftest import FoundDevice, Office, Play
from tests.support.wait import until


def page_of(office: Office) -> AudioPage:
    page = next(page for page in office.dialog.pages if isinstance(page, AudioPage))
    office.dialog.open_page(page.key)
    return page


def offered(box: QComboBox) -> list[str]:
    return [box.itemText(index) for index in range(box.count())]


def choose(box: QWidget, text: str) -> None:
    """Go down to the entry ``text``."""
    assert isinstance(box, QComboBox)
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Home)
    for _ in range(box.count()):
        if box.currentText() == text:
            return
        QTest.keyClick(box, Qt.Key.Key_Down)
    raise AssertionError(text)


def test_each_source_has_the_devices_that_fit_it(play: Play) -> None:
    async def story(office: Office) -> None:
        page = page_of(office)
        await until(lambda: page.outputs.count() == page.microphones.count() == 2)
        assert offered(page.outputs) == ["The system's default", "Speakers"]
        assert not page.outputs.isEnabled()
        assert not page.microphones.isEnabled()

        choose(page.source, "Microphone")
        assert not page.outputs.isEnabled()
        choose(page.microphones, "Webcam")
        assert office.dialog.draft.value("audio.device") == "Webcam"

        choose(page.source, "What the computer plays")  # another kind of source has another device
        assert office.dialog.draft.value("audio.device") is None

        choose(page.source, "Both, told apart")
        choose(page.outputs, "Speakers")
        choose(page.microphones, "Webcam")
        office.press(office.dialog.ok_button)
        await until(lambda: office.saved().audio.source == "both")
        saved = office.saved().audio
        assert (saved.device, saved.mic_device, saved.system_device) == (
            None,
            "Webcam",
            "Speakers",
        )

    play(story)


def test_a_device_that_is_unplugged_stays_chosen_and_is_called_so(play: Play) -> None:
    async def story(office: Office) -> None:
        office.front_end.desk.live.change({"audio.source": "mic", "audio.device": "Webcam"})
        page = page_of(office)
        await until(lambda: page.microphones.currentText() == "Webcam")

        office.devices = [FoundDevice("microphone", "Headset")]
        office.dialog.cancel()
        office.dialog.open_page()
        await until(lambda: page.microphones.currentText() == "Webcam (not connected)")
        assert "Headset" in offered(page.microphones)
        assert not office.dialog.draft.is_changed
        assert office.now.audio.device == "Webcam"

    play(story)


def test_devices_that_cannot_be_listed_are_said_to_be_so(play: Play) -> None:
    async def story(office: Office) -> None:
        page = page_of(office)
        threads: list[str] = []

        def fail() -> Sequence[FoundDevice]:
            threads.append(threading.current_thread().name)
            raise AudioDeviceError("The sound server does not answer.", hint="Start it.")

        await until(lambda: office.lists == 2)  # for the menu, and for this page
        office.list_devices = fail
        office.dialog.cancel()
        office.dialog.open_page()
        await until(lambda: "The sound server does not answer." in page._trouble.text())
        assert page._trouble.isVisible()
        assert threads != [threading.main_thread().name]

    play(story)


def test_the_level_of_each_channel_is_seen_and_said(play: Play) -> None:
    async def story(office: Office) -> None:
        page = page_of(office)
        emit = office.session.emit
        assert page.start.isHidden()

        assert page.meters.texts() == ["No sound arrives"]
        emit(LevelChanged(AudioLevel(-20.0, -6.0)))
        assert page.meters.texts() == ["\u221220 dB  Good"]
        (meter,) = page.meters.findChildren(LevelMeter)
        assert (meter.accessibleName(), meter.accessibleDescription()) == ("Level", "Good")
        emit(LevelChanged(AudioLevel()))
        assert meter.text == "Silent"

        emit(LevelChanged(AudioLevel(-50.0, -40.0), "You"))
        emit(LevelChanged(AudioLevel(-10.0, 0.0), "Others"))
        assert [text.split("  ")[-1] for text in page.meters.texts()] == ["Quiet", "Too loud"]
        await until(lambda: page.meters.texts() == ["No sound arrives"] * 2)

    play(story)


def test_while_captions_are_stopped_it_says_so_and_can_start_them(play: Play) -> None:
    async def story(office: Office) -> None:
        page = page_of(office)
        assert page.meters.isVisible()
        office.front_end.desk.runner.stop()
        await until(page.start.isVisible)
        assert not page.meters.isVisible()

        page.start.setFocus()
        QTest.keyClick(page.start, Qt.Key.Key_Space)
        await until(page.start.isHidden)
        assert page.meters.isVisible()

    play(story)
