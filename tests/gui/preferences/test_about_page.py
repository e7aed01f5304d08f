"""The page on the program: versions, licences, and diagnostics that give nothing away."""

from __future__ import annotations

import zipfile
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QPushButton

from captioner import __version__
from captioner.gui.preferences.about_page import AboutPage
from tests.gui.preferences.conftest import Office, Play
from tests.support.wait import until

KEY = "planted-key-8d2f11"


def page_of(office: Office) -> AboutPage:
    page = next(page for page in office.dialog.pages if isinstance(page, AboutPage))
    office.dialog.open_page(page.key)
    return page


def push(button: QPushButton) -> None:
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)


def name_file(dialog: QFileDialog | None, path: Path) -> None:
    """Choose ``path`` in a dialog for files."""
    assert dialog is not None
    assert dialog.isVisible()
    line = dialog.findChild(QLineEdit)
    assert line is not None
    line.setText(str(path))
    dialog.accept()


def test_versions_are_shown_and_copied(play: Play) -> None:
    async def story(office: Office) -> None:
        page = page_of(office)
        push(page.copy)
        copied = QApplication.clipboard().text()
        assert f"Captioner: {__version__}" in copied
        assert "gRPC: " in copied
        assert page.outcome.isVisible()

    play(story)


def test_each_licence_can_be_read(play: Play) -> None:
    async def story(office: Office) -> None:
        page = page_of(office)
        licences = page.licences
        await until(lambda: licences.list.topLevelItemCount() > 20)
        licences.list.setFocus()
        QTest.keyClicks(licences.list, "pydantic")
        current = licences.list.currentItem()
        assert current.text(0) == "pydantic"
        assert "Permission is hereby granted" in licences.text.toPlainText()

    play(story)


def test_diagnostics_are_saved_where_the_user_says(play: Play, tmp_path: Path) -> None:
    target = tmp_path / "help.zip"

    async def story(office: Office) -> None:
        page = page_of(office)
        push(page.save)
        name_file(page.files.dialog, target)
        await until(lambda: "saved as" in page.outcome.text())
        assert page.save.isEnabled()
        assert page.progress.isHidden()
        assert page.files.dialog is None

    play(story, environ={"RIVA_HOST": "riva.example", "RIVA_API_KEY": KEY})
    with zipfile.ZipFile(target) as bundle:
        texts = [bundle.read(name).decode() for name in bundle.namelist()]
    assert any("offscreen" in text for text in texts)
    assert any("riva.example" in text for text in texts)
    assert not any(KEY in text for text in texts)


def test_diagnostics_that_cannot_be_saved_are_told(play: Play, tmp_path: Path) -> None:
    async def story(office: Office) -> None:
        page = page_of(office)
        await page._save_bundle(tmp_path / "gone" / "help.zip")
        assert "could not be saved" in page.outcome.text()
        assert page.save.isEnabled()

        push(page.save)
        office.dialog.cancel()
        assert page.files.dialog is None

    play(story)
