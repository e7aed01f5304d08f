"""Settings in a file: what an import would change is shown, and holds only when applied."""

from __future__ import annotations

import json
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from captioner.gui.preferences.backup_page import BackupPage
from captioner.settings.vocabulary import Replacement
from tests.gui.preferences.conftest import Office, Play
from tests.gui.preferences.test_about_page import name_file
from tests.support.wait import until


def page_of(office: Office) -> BackupPage:
    page = next(page for page in office.dialog.pages if isinstance(page, BackupPage))
    office.dialog.open_page(page.key)
    return page


def push(button: QPushButton) -> None:
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)


def test_exported_settings_come_back_by_import(play: Play, tmp_path: Path) -> None:
    target = tmp_path / "mine.json"

    async def story(office: Office) -> None:
        live = office.front_end.desk.live
        live.change(
            {
                "overlay.size_percent": 150,
                "captions.replacements": (Replacement(heard="a", shown="b"),),
            }
        )
        page = page_of(office)
        push(page.export_button)
        name_file(page.files.dialog, target)
        await until(lambda: "saved as" in page.outcome.text())
        exported = live.loaded.saved

        live.change({"overlay.size_percent": 80, "captions.replacements": ()})
        push(page.import_button)
        name_file(page.files.dialog, target)
        await until(lambda: "Apply" in page.outcome.text())
        assert "\u2022 Look: Size" in page.outcome.text()
        assert "\u2022 Words: Words to write otherwise" in page.outcome.text()
        assert page.outcome.text().count("\u2022") == 2
        assert live.now.overlay.size_percent == 80
        assert office.seen.overlay.size_percent == 150

        office.dialog.activateWindow()  # as a window manager does when the other one is closed
        await until(office.dialog.isActiveWindow)
        office.press(office.dialog.apply_button)
        await until(lambda: office.saved().overlay.size_percent == 150)
        assert office.saved() == exported

        push(page.import_button)
        name_file(page.files.dialog, target)
        await until(lambda: page.outcome.text() == "The file says what is entered already.")

    play(story)


def test_what_is_imported_and_not_applied_is_forgotten(play: Play, tmp_path: Path) -> None:
    source = tmp_path / "other.json"
    source.write_text(json.dumps({"overlay": {"lines": 5}}))

    async def story(office: Office) -> None:
        before = office.now
        page = page_of(office)
        await page._imported(source)
        assert office.seen.overlay.lines == 5
        office.press(office.dialog.cancel_button)
        assert office.seen == office.now == before

    play(story)


def test_a_file_that_holds_no_settings_changes_nothing(play: Play, tmp_path: Path) -> None:
    source = tmp_path / "letter.json"
    source.write_text("Dear friend")

    async def story(office: Office) -> None:
        page = page_of(office)
        push(page.import_button)
        name_file(page.files.dialog, source)
        await until(lambda: "holds no settings of Captioner" in page.outcome.text())
        assert not office.dialog.draft.is_changed

        push(page.import_button)
        office.dialog.cancel()
        assert page.files.dialog is None

    play(story)
