"""The first steps, gone through by keyboard on a real profile; the server is a real one, too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import qasync
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from captioner.core.audio import AudioLevel
from captioner.core.events import LevelChanged
from captioner.gui.bridge import Session
from captioner.gui.commands import Command
from captioner.gui.front_end import FrontEnd
from captioner.gui.overlay.window import TITLE
from captioner.gui.welcome.first_run import is_first_run
from captioner.gui.welcome.hear_step import HearStep
from captioner.gui.welcome.look_step import LookStep
from captioner.gui.welcome.recognise_step import RecogniseStep
from captioner.gui.welcome.window import Welcome
from captioner.settings.endpoints import EndpointSettings
from captioner.settings.models import Settings
from captioner.settings.paths import ProfilePaths
from captioner.settings.store import load_settings, save_settings
from tests.gui.preferences.conftest import FoundDevice
from tests.support.program import Program
from tests.support.riva_server import ServedStream, serve_riva
from tests.support.screen import Screen
from tests.support.scripted_session import ScriptedSession, caption
from tests.support.wait import until


class Guest:
    """Somebody who meets the program for the first time."""

    def __init__(self, session: ScriptedSession, paths: ProfilePaths) -> None:
        self.session = session
        self.paths = paths
        self.front_end = FrontEnd(
            load_settings(paths, environ={}),
            paths,
            make_session=self._make,
            list_devices=lambda: [
                FoundDevice("system", "Speakers"),
                FoundDevice("microphone", "Webcam"),
            ],
            save=partial(save_settings, paths),
        )

    async def run(self, story: Story) -> None:
        self.front_end.show()
        running = asyncio.create_task(self.front_end.run(first=Command.WELCOME))
        await until(lambda: self.front_end.windows._welcome is not None)
        welcome = self.front_end.windows._welcome
        assert welcome is not None
        self.welcome: Welcome = welcome
        try:
            await until(self.welcome.isActiveWindow)
            await story(self)
        finally:
            self.front_end.ask_to_quit()
            await running
            self.welcome.deleteLater()
            self.front_end.overlay.deleteLater()

    @property
    def now(self) -> Settings:
        return self.front_end.desk.live.now

    @property
    def step(self) -> QWidget | None:
        return self.welcome.stack.currentWidget()

    def saved(self) -> Settings:
        return load_settings(self.paths, environ={}).settings

    def press(self, key: Qt.Key) -> None:
        QTest.keyClick(QApplication.focusWidget() or self.welcome, key)

    def tab_to(self, target: QWidget) -> None:
        for _ in range(30):
            if QApplication.focusWidget() is target:
                return
            self.press(Qt.Key.Key_Tab)
        pytest.fail(f"Tab never leads to {target}")

    async def _make(self, _settings: Settings) -> Session:
        return self.session


Story = Callable[[Guest], Coroutine[Any, Any, None]]


@pytest.fixture
def play(
    qtbot: QtBot, qapp: QApplication, scripted_session: ScriptedSession, tmp_path: Path
) -> Iterator[Callable[..., None]]:
    """Runs a story; an exception in any slot or task fails it."""
    with qasync.QEventLoop(qapp) as loop:
        asyncio.set_event_loop(loop)
        faults: list[dict[str, Any]] = []
        loop.set_exception_handler(lambda _loop, context: faults.append(context))
        paths = ProfilePaths.under(tmp_path / "profile")

        def run(story: Story, *, saved: dict[str, object] | None = None) -> None:
            if saved:
                save_settings(paths, saved)
            loop.run_until_complete(Guest(scripted_session, paths).run(story))
            assert faults == []

        try:
            yield run
        finally:
            asyncio.set_event_loop(None)


def test_what_is_chosen_holds_at_once_and_captions_go_on(play: Callable[..., None]) -> None:
    async def story(guest: Guest) -> None:
        hear = guest.step
        assert isinstance(hear, HearStep)
        assert hear.meters.texts() == ["No sound arrives"]
        guest.session.emit(LevelChanged(AudioLevel(-20.0, -10.0)))
        assert hear.meters.texts() == ["\u221220 dB  Good"]
        assert QApplication.focusWidget() is hear.sources["auto"]
        guest.press(Qt.Key.Key_Up)
        guest.press(Qt.Key.Key_Up)
        assert guest.now.audio.source == "mic"
        await until(lambda: "Webcam" in [hear.device.itemText(i) for i in range(2)])
        guest.tab_to(hear.device)
        guest.press(Qt.Key.Key_Down)
        assert guest.now.audio.device == "Webcam"
        guest.press(Qt.Key.Key_Return)

        assert isinstance(guest.step, RecogniseStep)
        guest.press(Qt.Key.Key_Return)

        look = guest.step
        assert isinstance(look, LookStep)
        guest.session.emit(caption(0, "seen meanwhile"))
        guest.press(Qt.Key.Key_Down)
        assert guest.now.overlay.weight == "bold"
        guest.tab_to(look.size_slider.slider)
        guest.press(Qt.Key.Key_Right)
        assert guest.now.overlay.size_percent == 101
        assert look.presets.currentRow() == 1
        assert [line.text for line in guest.front_end.overlay.view.shown] == ["seen meanwhile"]
        guest.press(Qt.Key.Key_Return)

        assert not guest.welcome.isVisible()
        await until(lambda: guest.saved().desktop.was_welcomed)
        assert guest.saved().audio.device == "Webcam"
        assert guest.saved().overlay.size_percent == 101
        guest.front_end.do(Command.WELCOME)
        assert guest.welcome.isVisible()
        assert isinstance(guest.step, HearStep)

    play(story)


def test_captions_that_grow_while_their_size_is_tried_cover_no_step(
    play: Callable[..., None],
) -> None:
    async def story(guest: Guest) -> None:
        overlay, welcome = guest.front_end.overlay, guest.welcome
        guest.press(Qt.Key.Key_Escape)
        guest.press(Qt.Key.Key_Escape)
        step = guest.step
        assert isinstance(step, LookStep)
        small = overlay.height()
        welcome.move(0, overlay.y() - welcome.frameGeometry().height() - small // 4)
        guest.tab_to(step.size_slider.slider)
        guest.press(Qt.Key.Key_End)

        await until(lambda: overlay.height() > 1.5 * small)
        await until(lambda: not welcome.frameGeometry().intersects(overlay.geometry()))

    play(story)


def test_escape_skips_a_step_and_takes_back_what_was_tried(play: Callable[..., None]) -> None:
    async def story(guest: Guest) -> None:
        before = guest.now
        guest.press(Qt.Key.Key_Up)
        assert guest.now.audio.source == "both"
        guest.press(Qt.Key.Key_Escape)
        assert guest.now == before
        assert isinstance(guest.step, RecogniseStep)
        guest.press(Qt.Key.Key_Down)
        guest.press(Qt.Key.Key_Escape)
        guest.press(Qt.Key.Key_End)
        assert guest.now.overlay != before.overlay
        guest.press(Qt.Key.Key_Escape)
        assert not guest.welcome.isVisible()
        assert guest.now.overlay == before.overlay
        await until(lambda: guest.saved().desktop.was_welcomed)

    play(story)


def test_a_server_is_tested_and_used(play: Callable[..., None]) -> None:
    async def nothing(_stream: ServedStream) -> None:
        return

    async def story(guest: Guest) -> None:
        guest.press(Qt.Key.Key_Escape)
        step = guest.step
        assert isinstance(step, RecogniseStep)
        assert not step.address.isEnabled()
        guest.press(Qt.Key.Key_Down)
        guest.press(Qt.Key.Key_Return)
        assert "Enter the address" in guest.welcome.problem.text()
        guest.tab_to(step.address)
        QTest.keyClicks(step.address, "a b")
        assert guest.welcome.problem.isHidden()
        guest.tab_to(step.test.button)
        guest.press(Qt.Key.Key_Space)
        assert "The server 'a b' makes no sense. Give HOST:PORT" in step.test.result.text()
        step.address.clear()
        guest.tab_to(step.address)
        QTest.keyClicks(step.address, "localhost:1")
        assert step.test.result.text() == ""
        guest.tab_to(step.test.button)
        guest.press(Qt.Key.Key_Space)
        await until(lambda: "the connection is refused" in step.test.result.text())
        async with serve_riva(nothing) as server:
            step.address.selectAll()
            QTest.keyClicks(step.address, f"localhost:{server.endpoint.port}")
            assert step.test.result.text() == ""
            guest.tab_to(step.test.button)
            guest.press(Qt.Key.Key_Space)
            await until(lambda: step.test.result.text().startswith("\u2713"))
            assert guest.now.endpoints == ()
            guest.tab_to(guest.welcome.next_button)
            guest.press(Qt.Key.Key_Return)
            wanted = (EndpointSettings(host="localhost", port=server.endpoint.port),)
            assert guest.now.endpoints == wanted
            await until(lambda: guest.saved().endpoints == wanted)

    play(story)


def test_servers_of_the_settings_are_left_alone(play: Callable[..., None]) -> None:
    servers = [{"host": "one.example", "tls": True, "name": "Ward"}, {"host": "two.example"}]

    async def story(guest: Guest) -> None:
        before = guest.now.endpoints
        assert len(before) == 2
        guest.press(Qt.Key.Key_Return)
        step = guest.step
        assert isinstance(step, RecogniseStep)
        assert not step.elsewhere.isHidden()
        assert not step.own.isEnabled()
        guest.tab_to(guest.welcome.next_button)
        guest.press(Qt.Key.Key_Return)
        assert isinstance(guest.step, LookStep)
        assert guest.now.endpoints == before
        assert guest.saved().endpoints == before

    play(story, saved={"endpoints": servers})


def test_every_control_has_a_name(play: Callable[..., None]) -> None:
    async def story(guest: Guest) -> None:
        for step in guest.welcome.steps:
            assert guest.step is step
            seen = set()
            while (control := QApplication.focusWidget()) not in seen:
                assert control is not None
                seen.add(control)
                interface = QAccessible.queryAccessibleInterface(control)
                assert interface.text(QAccessible.Text.Name), control
                assert interface.role() is not QAccessible.Role.NoRole
                guest.press(Qt.Key.Key_Tab)
            assert guest.welcome.next_button in seen
            guest.press(Qt.Key.Key_Escape)

    play(story)


def test_it_is_offered_only_where_nothing_was_chosen(tmp_path: Path) -> None:
    paths = ProfilePaths.under(tmp_path)
    assert is_first_run(load_settings(paths, environ={}))
    assert not is_first_run(load_settings(paths, environ={"RIVA_HOST": "riva"}))
    assert not is_first_run(load_settings(paths, environ={}, overrides={"audio.source": "mic"}))
    save_settings(paths, {"overlay.lines": 3})
    assert is_first_run(load_settings(paths, environ={}))
    save_settings(paths, {"audio.source": "mic"})
    assert not is_first_run(load_settings(paths, environ={}))


@pytest.mark.screen
def test_a_fresh_profile_is_welcomed_once_while_captions_run(
    screen: Screen, mock_program: Program, tmp_path: Path
) -> None:
    (mock_program.profile / "settings.json").unlink()
    environ = mock_program.environ(**screen.changes)
    mock_program.start("gui", output=tmp_path / "out", environ=environ)
    window = screen.await_window("Welcome to Captioner")
    screen.await_window(TITLE)
    screen.xdotool("windowactivate", "--sync", str(window))
    screen.xdotool("key", "Escape", "Escape", "Escape")
    screen.wait_for(lambda: not screen.find_windows("Welcome to Captioner"), what="it stays")
    assert mock_program.run("quit", environ=environ).returncode == 0
    settings = (mock_program.profile / "settings.json").read_text()
    assert '"was_welcomed": true' in settings
