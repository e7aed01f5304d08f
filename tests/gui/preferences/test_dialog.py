"""The frame of the settings dialog: search, apply, cancel, and what is not lost on the way."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLabel, QPushButton

from captioner.core.errors import ConfigurationError
from captioner.gui.commands import Command
from captioner.settings.endpoints import EndpointSettings
from captioner.settings.store import save_settings
from tests.gui.preferences.conftest import Office, Play
from tests.support.wait import until


def buttons_of_bar(office: Office) -> list[QPushButton]:
    return [b for b in office.dialog.bar.findChildren(QPushButton) if b.isVisible()]


def change_something(office: Office) -> None:
    box = office.focus("overlay.partials")
    assert isinstance(box, QComboBox)
    QTest.keyClick(box, Qt.Key.Key_Home)
    assert office.dialog.draft.value("overlay.partials") == "shown"


def test_apply_holds_and_is_saved_and_a_second_apply_too(play: Play) -> None:
    async def story(office: Office) -> None:
        assert not office.dialog.apply_button.isEnabled()
        change_something(office)
        assert office.now.overlay.partials == "dimmed"
        assert office.seen.overlay.partials == "shown"

        office.press(office.dialog.apply_button)
        await until(lambda: office.saved().overlay.partials == "shown")
        assert office.now.overlay.partials == "shown"
        assert office.dialog.isVisible()
        assert not office.dialog.apply_button.isEnabled()

        QTest.keyClick(office.focus("recognition.punctuation"), Qt.Key.Key_Space)
        office.press(office.dialog.apply_button)
        await until(lambda: office.saved().recognition.punctuation is False)
        assert office.saved().overlay.partials == "shown"

    play(story)


def test_ok_applies_and_closes(play: Play) -> None:
    async def story(office: Office) -> None:
        change_something(office)
        office.press(office.dialog.ok_button)
        await until(lambda: not office.dialog.isVisible())
        await until(lambda: office.saved().overlay.partials == "shown")

    play(story)


def test_cancel_restores_look_and_values(play: Play) -> None:
    async def story(office: Office) -> None:
        before = office.now
        change_something(office)
        assert not office.front_end.overlay.isHidden()
        office.press(office.dialog.cancel_button)

        assert not office.dialog.isVisible()
        assert office.seen == office.now == before
        assert not office.paths.settings_file.exists()
        office.front_end.do(Command.SETTINGS)
        box = office.row("overlay.partials").control
        assert isinstance(box, QComboBox)
        assert box.currentData() == "dimmed"

    play(story)


def test_escape_asks_before_it_loses_anything(play: Play) -> None:
    async def story(office: Office) -> None:
        change_something(office)
        dialog = office.dialog
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
        assert dialog.isVisible()
        assert [b.text() for b in buttons_of_bar(office)] == [
            "Apply and close",
            "Discard and close",
            "Stay here",
        ]

        office.press(buttons_of_bar(office)[2])
        assert dialog.isVisible()
        assert dialog.bar.isHidden()
        assert dialog.draft.is_changed

        assert not dialog.close()
        office.press(buttons_of_bar(office)[0])
        await until(lambda: not dialog.isVisible())
        await until(lambda: office.saved().overlay.partials == "shown")

        dialog.open_page()
        assert dialog.close()
        assert not dialog.isVisible()

    play(story)


def test_the_search_finds_every_row_by_its_label_and_frames_it(play: Play) -> None:
    async def story(office: Office) -> None:
        dialog = office.dialog
        search = dialog.navigation.search
        for page in dialog.pages:
            for row in page.rows:
                assert row.label
                search.setFocus()
                search.clear()
                QTest.keyClicks(search, row.label.rstrip("…"))  # QTest knows no such key
                labels = [found.row for found in dialog.navigation._found]
                assert row in labels
                dialog.go_to(page, row)
                assert page.isVisible()
                assert row.cell is None or row.cell.property("isFound")
                if row.control.isEnabled():
                    assert QApplication.focusWidget() is row.control
        search.setFocus()
        search.clear()
        QTest.keyClicks(search, "no such thing anywhere")
        QTest.keyClick(search, Qt.Key.Key_Return)
        assert dialog.navigation.results.item(0).text() == "Nothing found"
        QTest.keyClick(search, Qt.Key.Key_Escape)
        assert dialog.isVisible()
        assert search.text() == ""

    play(story)


def test_arrows_lead_to_what_was_found(play: Play) -> None:
    async def story(office: Office) -> None:
        search = office.dialog.navigation.search
        search.setFocus()
        QTest.keyClicks(search, "swear")
        QTest.keyClick(search, Qt.Key.Key_Down)
        results = office.dialog.navigation.results
        assert QApplication.focusWidget() is results
        QTest.keyClick(results, Qt.Key.Key_Return)
        focused = QApplication.focusWidget()
        assert isinstance(focused, QCheckBox)
        assert focused is office.row("recognition.profanity_filter").control

    play(story)


@pytest.mark.parametrize("way", [(), (Qt.Key.Key_Down,)])
def test_a_button_that_was_found_is_gone_to_and_not_pressed(
    play: Play, way: tuple[Qt.Key, ...]
) -> None:
    async def story(office: Office) -> None:
        search = office.dialog.navigation.search
        windows = len(QApplication.topLevelWidgets())
        search.setFocus()
        QTest.keyClicks(search, "export settings")
        for key in (*way, Qt.Key.Key_Return):
            focused = QApplication.focusWidget()
            assert focused is not None
            QTest.keyClick(focused, key)
        button = QApplication.focusWidget()
        assert isinstance(button, QPushButton)
        assert button.text() == "&Export settings…"
        assert len(QApplication.topLevelWidgets()) == windows

    play(story)


def test_what_makes_no_sense_is_said_and_cannot_be_applied(play: Play) -> None:
    async def story(office: Office) -> None:
        dialog = office.dialog
        dialog.draft.set("overlay.fade_after_s", 1000.0)
        assert not dialog.apply_button.isEnabled()
        assert not dialog.ok_button.isEnabled()
        assert "They fade after" in dialog.bar.text
        assert "overlay.fade_after_s" not in dialog.bar.text

        dialog.draft.set("overlay.fade_after_s", 20.0)
        assert dialog.bar.isHidden()
        assert dialog.apply_button.isEnabled()

    play(story)


def test_a_page_that_cannot_keep_its_own_stops_everything(play: Play) -> None:
    async def story(office: Office) -> None:
        async def commit() -> None:
            raise ConfigurationError("The keyring is locked.", hint="Unlock it.")

        office.dialog.pages[0].commit = commit  # type: ignore[method-assign]
        change_something(office)
        office.press(office.dialog.ok_button)
        await until(lambda: office.dialog.bar.text == "The keyring is locked. Unlock it.")
        assert office.dialog.isVisible()
        assert office.dialog.draft.is_changed
        assert office.now.overlay.partials == "dimmed"

    play(story)


def test_changes_made_elsewhere_are_shown_and_what_is_entered_stays(play: Play) -> None:
    async def story(office: Office) -> None:
        change_something(office)
        live = office.front_end.desk.live
        live.change({"recognition.punctuation": False})
        box = office.row("recognition.punctuation").control
        assert isinstance(box, QCheckBox)
        assert not box.isChecked()
        assert office.dialog.draft.value("overlay.partials") == "shown"

        live.change({"overlay.partials": "shown"})
        assert not office.dialog.draft.is_changed
        assert not office.dialog.apply_button.isEnabled()

    play(story)


def test_what_another_process_saves_holds_at_once_and_is_not_overwritten(play: Play) -> None:
    async def story(office: Office) -> None:
        live = office.front_end.desk.live
        live.change({"endpoints": (EndpointSettings(host="one"),)})
        await until(lambda: office.saved().endpoints)
        change_something(office)
        save_settings(office.paths, {"overlay.lines": 5, "endpoints.1.host": "two"})
        await until(lambda: office.now.overlay.lines == 5)
        assert [each.host for each in office.dialog.draft.settings.endpoints] == ["one", "two"]
        assert office.dialog.draft.value("overlay.partials") == "shown"
        live.change({"overlay.lines": 6})
        live.change({"endpoints": (*office.now.endpoints, EndpointSettings(host="three"))})
        await until(
            lambda: [each.host for each in office.saved().endpoints][1:] == ["two", "three"]
        )
        save_settings(office.paths, {"overlay.lines": 4})
        await until(lambda: office.now.overlay.lines == 4)
        assert len(office.now.endpoints) == 3
        office.paths.settings_file.write_text("{")
        save_settings(office.paths, {"audio.source": "mic"})  # it sets the damaged one aside
        await until(lambda: office.now.audio.source == "mic")

    play(story)


def test_what_the_environment_sets_is_locked_and_says_so(play: Play) -> None:
    async def story(office: Office) -> None:
        box = office.row("recognition.punctuation").control
        cell = office.row("recognition.punctuation").cell
        assert cell is not None
        said = [label.text() for label in cell.findChildren(QLabel)]
        assert not box.isEnabled()
        assert "Set by RIVA_ENABLE_AUTOMATIC_PUNCTUATION (environment)." in said

        office.front_end.desk.live.change({"recognition.punctuation": True})  # the newer word
        assert box.isEnabled()

    play(story, environ={"RIVA_ENABLE_AUTOMATIC_PUNCTUATION": "false"})
