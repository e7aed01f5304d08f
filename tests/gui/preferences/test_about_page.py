"""The page on the program: versions, licences, and diagnostics that give nothing away."""

from __future__ import annotations

import asyncio
import json
import zipfile
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QPushButton

from captioner import __version__
from captioner.cli.gui import checked
from captioner.gui.preferences.about_page import AboutPage
from captioner.settings.paths import ProfilePaths
from captioner.settings.store import save_settings
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


def test_diagnostics_hold_what_doctor_finds_and_the_window_goes_on_meanwhile(
    play: Play, paths: ProfilePaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_settings(paths, {"engine.backend": "mock"})
    monkeypatch.setenv("PULSE_SERVER", "unix:/nonexistent")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
    target = tmp_path / "help.zip"

    async def story(office: Office) -> None:
        loop = asyncio.get_running_loop()
        page = page_of(office)
        push(page.save)
        name_file(page.files.dialog, target)
        began = last = loop.time()
        longest = 0.0
        while "saved as" not in page.outcome.text():
            await asyncio.sleep(0.01)
            longest, last = max(longest, loop.time() - last), loop.time()
            assert last - began < 60, page.outcome.text()
        assert longest < (last - began) / 3, "something waited on the loop"

    # Settings of this run alone: what the window was started with is what is checked.
    play(story, environ={"RIVA_HOST": "127.0.0.1", "RIVA_PORT": "1"}, run_checks=checked)
    with zipfile.ZipFile(target) as bundle:
        health = {each["name"]: each for each in json.loads(bundle.read("health.json"))}
    assert health["Embedded engine"]["status"] == "ok"
    assert health["PortAudio"]["status"] == "ok"
    assert health["Server: 127.0.0.1:1"]["error"]["category"] == "unavailable"


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
