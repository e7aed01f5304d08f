"""The settings dialog on a real profile, on the loop of Qt; only the session is scripted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import qasync
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from captioner.gui.bridge import Session
from captioner.gui.front_end import FrontEnd
from captioner.gui.part_checks import CheckRunner, no_checks
from captioner.gui.preferences.dialog import Preferences
from captioner.gui.preferences.page import Row
from captioner.settings.models import Settings
from captioner.settings.paths import ProfilePaths
from captioner.settings.store import load_settings, save_settings
from tests.support.feed import TOKEN as FEED_TOKEN
from tests.support.scripted_session import ScriptedSession
from tests.support.wait import until


@dataclass(frozen=True)
class FoundDevice:
    kind: str
    name: str


class Office:
    """A running program with its settings dialog open, and a hand at the keyboard.

    Attributes:
        front_end: The program.
        dialog: The dialog.
        paths: Its profile.
        session: What captions.
        devices: What can be heard.
        list_devices: Finds that out.
        lists: How often it was asked.
    """

    def __init__(
        self,
        session: ScriptedSession,
        paths: ProfilePaths,
        environ: Mapping[str, str] | None = None,
        run_checks: CheckRunner = no_checks,
    ) -> None:
        self.session = session
        self.paths = paths
        self.devices = [FoundDevice("system", "Speakers"), FoundDevice("microphone", "Webcam")]
        self.list_devices: Callable[[], Sequence[FoundDevice]] = lambda: tuple(self.devices)
        self.lists = 0
        self.front_end = FrontEnd(
            load_settings(paths, environ=environ or {}),
            paths,
            make_session=self._make,
            list_devices=self._list_devices,
            save=partial(save_settings, paths),
            run_checks=run_checks,
        )

    async def run(self, story: Story) -> None:
        self.front_end.show()
        running = asyncio.create_task(self.front_end.run())
        await until(lambda: ("start",) in self.session.commands)
        self.front_end.windows.open_preferences()
        dialog = self.front_end.windows._preferences
        assert dialog is not None
        self.dialog: Preferences = dialog
        try:
            await until(self.dialog.isActiveWindow)
            await story(self)
        finally:
            self.front_end.ask_to_quit()
            await running
            self.dialog.deleteLater()
            self.front_end.overlay.deleteLater()

    @property
    def now(self) -> Settings:
        """The settings in force."""
        return self.front_end.desk.live.now

    @property
    def seen(self) -> Settings:
        """What the overlay was told to look like."""
        return self.front_end.desk.live.seen

    def saved(self) -> Settings:
        """What a restart would load."""
        return load_settings(self.paths, environ={}).settings

    def row(self, field: str) -> Row:
        return next(row for page in self.dialog.pages for row in page.rows if row.field == field)

    def focus(self, field: str) -> QWidget:
        """Go to the control of ``field`` as a user of the keyboard may: by searching for it."""
        row = self.row(field)
        keys(self.dialog.focusWidget() or self.dialog, "Ctrl+F")
        assert QApplication.focusWidget() is self.dialog.navigation.search
        QTest.keyClicks(self.dialog.navigation.search, field)
        QTest.keyClick(self.dialog.navigation.search, Qt.Key.Key_Return)
        assert QApplication.focusWidget() is row.control
        return row.control

    def press(self, button: QWidget) -> None:
        """Press ``button`` with the space bar, once Tab has led to it."""
        for _ in range(200):
            if QApplication.focusWidget() is button:
                QTest.keyClick(button, Qt.Key.Key_Space)
                return
            QTest.keyClick(QApplication.focusWidget() or self.dialog, Qt.Key.Key_Tab)
        pytest.fail(f"Tab never leads to {button}")

    def _list_devices(self) -> Sequence[FoundDevice]:
        self.lists += 1
        return self.list_devices()

    async def _make(self, _settings: Settings) -> Session:
        return self.session


Story = Callable[[Office], Coroutine[Any, Any, None]]
Play = Callable[..., None]


def keys(target: QWidget, sequence: str) -> None:
    """Press a combination such as ``Ctrl+F``."""
    *modifiers, key = sequence.split("+")
    held = Qt.KeyboardModifier.NoModifier
    for name in modifiers:
        held |= {
            "Ctrl": Qt.KeyboardModifier.ControlModifier,
            "Alt": Qt.KeyboardModifier.AltModifier,
            "Shift": Qt.KeyboardModifier.ShiftModifier,
        }[name]
    QTest.keyClick(target, getattr(Qt.Key, f"Key_{key}"), held)


@pytest.fixture
def paths(tmp_path: Path) -> ProfilePaths:
    return ProfilePaths.under(tmp_path / "profile")


@pytest.fixture(autouse=True)
def _feed_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the tester's own keyring alone."""
    monkeypatch.setenv("CAPTIONER_FEED_TOKEN", FEED_TOKEN)


@pytest.fixture
def play(
    qtbot: QtBot, qapp: QApplication, scripted_session: ScriptedSession, paths: ProfilePaths
) -> Iterator[Play]:
    """Runs a story: ``play(story)``; an exception in any slot or task fails it."""
    with qasync.QEventLoop(qapp) as loop:
        asyncio.set_event_loop(loop)
        faults: list[dict[str, Any]] = []
        loop.set_exception_handler(lambda _loop, context: faults.append(context))

        def run(
            story: Story,
            *,
            environ: Mapping[str, str] | None = None,
            run_checks: CheckRunner = no_checks,
        ) -> None:
            office = Office(scripted_session, paths, environ, run_checks)
            loop.run_until_complete(office.run(story))
            assert faults == []

        try:
            yield run
        finally:
            asyncio.set_event_loop(None)
