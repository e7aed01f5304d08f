"""Keys are entered by pressing them, and what cannot work is said before it is applied."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QKeySequenceEdit, QLabel, QLineEdit

from captioner.gui.commands import Command
from captioner.gui.desktop.abilities import Abilities
from captioner.gui.preferences.desktop_keys import DesktopKeys
from captioner.gui.preferences.key_field import KeyField
from captioner.gui.preferences.shortcuts_page import ShortcutsPage
from tests.gui.preferences.conftest import Office, Play, keys
from tests.support.shortcuts_portal import ShortcutsPortal
from tests.support.wait import until


@pytest.fixture
def _keys_are_handed_out(monkeypatch: pytest.MonkeyPatch, qapp: QApplication) -> None:
    here = replace(Abilities.here(), global_shortcuts=True)
    monkeypatch.setattr(Abilities, "here", lambda: here)


def page_of(office: Office) -> ShortcutsPage:
    return next(page for page in office.dialog.pages if isinstance(page, ShortcutsPage))


def problem_of(field: KeyField) -> str:
    return "".join(
        label.text() for label in field.findChildren(QLabel) if not label.isHidden()
    ).removeprefix("\u26a0 ")


def enter(office: Office, field: str, sequence: str) -> None:
    """Press a key in its field, and go on: in the field every key is one to be entered."""
    keys(office.focus(f"shortcuts.{field}"), sequence)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    assert not isinstance(QApplication.focusWidget(), QKeySequenceEdit)


@pytest.mark.usefixtures("_keys_are_handed_out")
def test_a_key_is_entered_taken_away_and_put_back(play: Play) -> None:
    async def story(office: Office) -> None:
        entry = page_of(office).fields["pause"]
        enter(office, "pause", "Ctrl+Shift+F9")
        assert office.dialog.draft.value("shortcuts.pause") == "Ctrl+Shift+F9"
        enter(office, "pause", "Backspace")
        assert office.dialog.draft.value("shortcuts.pause") == ""
        office.press(entry.reset_button)
        assert not office.dialog.draft.is_changed
        enter(office, "show", "Ctrl+Alt+H")
        office.press(office.dialog.apply_button)
        await until(lambda: office.saved().shortcuts.show == "Ctrl+Alt+H")

    play(story)


@pytest.mark.usefixtures("_keys_are_handed_out")
def test_keys_that_cannot_work_are_named_and_not_applied(play: Play) -> None:
    async def story(office: Office) -> None:
        fields = page_of(office).fields
        enter(office, "pause", "Ctrl+Alt+C")
        assert problem_of(fields["pause"]) == "This key does something else above already."
        assert problem_of(fields["toggle"]) == ""
        office.press(office.dialog.apply_button)
        await until(lambda: "Pause captions: This key" in office.dialog.bar.text)
        assert office.now.shortcuts.pause == "Ctrl+Alt+P"
        enter(office, "toggle", "X")
        assert "Hold Ctrl, Alt" in problem_of(fields["toggle"])
        assert problem_of(fields["pause"]) == ""
        enter(office, "toggle", "Ctrl+Alt+P")  # changed about, both are fine
        office.press(office.dialog.ok_button)
        await until(lambda: office.saved().shortcuts.toggle == "Ctrl+Alt+P")
        assert office.saved().shortcuts.pause == "Ctrl+Alt+C"

    play(story)


def test_where_no_keys_are_handed_out_the_command_is_shown(play: Play) -> None:
    async def story(office: Office) -> None:
        page = page_of(office)
        office.dialog.open_page("shortcuts")
        assert any("does not let programs take keys" in x.text() for x in page.findChildren(QLabel))
        line = next(row for row in page.rows if row.label == "Pause captions").control
        assert isinstance(line, QLineEdit)
        parts = line.text().split()
        assert parts[0].startswith(sys.prefix)
        assert parts[-3:] == ["--profile-dir", str(office.paths.settings_file.parent), "pause"]
        button = next(b for b in page.findChildren(QLineEdit) if b is line).parentWidget()
        office.press(button.copy_button)  # type: ignore[attr-defined]  # of a CommandField
        assert QApplication.clipboard().text() == line.text()

    play(story)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the folder of Linux desktops")
def test_the_start_at_login_is_the_systems_and_set_on_apply(
    play: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "config" / "autostart"

    async def story(office: Office) -> None:
        box = page_of(office).start
        office.dialog.open_page("shortcuts")
        await until(box.isEnabled)
        assert not box.isChecked()
        office.press(box)
        assert not folder.exists()
        office.press(office.dialog.apply_button)
        await until(lambda: list(folder.glob("captioner-*.desktop")))
        await until(lambda: not office.dialog.apply_button.isEnabled())
        next(folder.iterdir()).unlink()  # somebody else switches it off
        office.dialog.hide()
        office.dialog.open_page("shortcuts")
        await until(lambda: not box.isChecked())
        assert not page_of(office).is_changed
        box.click()
        office.dialog.cancel()
        assert not box.isChecked()

    play(story)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="portals are Linux's")
def test_the_desktop_is_asked_for_keys_where_it_keeps_them(
    play: Play, shortcuts_portal: ShortcutsPortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**shortcuts_portal.environ, "WAYLAND_DISPLAY": "wayland-test"}.items():
        monkeypatch.setenv(name, value)

    async def story(office: Office) -> None:
        page = page_of(office)
        await until(lambda: page.findChildren(DesktopKeys))
        view = page.findChildren(DesktopKeys)[0]
        assert shortcuts_portal.asked == []  # not before the user wants it
        assert view.keys[Command.TOGGLE].text() == "No key"
        office.dialog.open_page("shortcuts")
        shortcuts_portal.declines = True
        office.press(view.button)
        await until(lambda: "The desktop gave no keys" in view.state.text())
        shortcuts_portal.declines = False
        office.press(view.button)
        await until(lambda: view.keys[Command.TOGGLE].text() == "CTRL+ALT+c")
        assert view.state.text() == ""
        shortcuts_portal.press("pause")
        await until(lambda: office.front_end.overlay.is_held)
        await until(lambda: office.saved().desktop.desktop_keys)

    play(story)
