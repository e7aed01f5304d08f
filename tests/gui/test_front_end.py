"""Session and window joined: commands go down, events come up, and the end is in order."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import qasync
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from captioner.core.audio import AudioLevel
from captioner.core.errors import EngineError
from captioner.core.events import EngineChanged, GapMarked, LevelChanged, SourceChanged
from captioner.core.health import HealthState
from captioner.core.segment import Gap
from captioner.gui.bridge import Session, SessionFactory
from captioner.gui.commands import Command
from captioner.gui.front_end import FrontEnd
from captioner.gui.tray.menu import AppMenu
from captioner.settings.models import Settings
from captioner.settings.paths import ProfilePaths
from captioner.settings.store import load_settings
from tests.support.scripted_session import ScriptedSession, caption
from tests.support.wait import until

Story = Callable[[FrontEnd], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class FoundDevice:
    kind: str
    name: str


class Stage:
    """Runs a front end on the loop of Qt while a test tells its story."""

    def __init__(
        self, loop: qasync.QEventLoop, session: ScriptedSession, paths: ProfilePaths
    ) -> None:
        self._loop = loop
        self._paths = paths
        self.session = session
        self.saved: list[Mapping[str, object]] = []
        self.threads: list[str] = []
        self.faults: list[dict[str, Any]] = []
        self.appeared: list[bool] = []
        self.write_s = 0.0

    def play(
        self, story: Story, *, make_session: SessionFactory | None = None, is_shown: bool = True
    ) -> None:
        self._loop.set_exception_handler(lambda _loop, context: self.faults.append(context))
        self._loop.run_until_complete(
            self._play(story, make_session or self._make, is_shown=is_shown)
        )

    async def _make(self, _settings: Settings) -> Session:
        return self.session

    async def _play(self, story: Story, make_session: SessionFactory, *, is_shown: bool) -> None:
        front_end = FrontEnd(
            load_settings(self._paths, environ={}),
            self._paths,
            make_session=make_session,
            list_devices=self._list_devices,
            save=self._save,
        )
        front_end.overlay.appeared.connect(lambda: self.appeared.append(True))
        if is_shown:
            front_end.show()
        running = asyncio.create_task(front_end.run())
        telling = asyncio.create_task(story(front_end))
        await asyncio.wait({running, telling}, return_when=asyncio.FIRST_COMPLETED)
        front_end.ask_to_quit()
        results = await asyncio.gather(telling, running, return_exceptions=True)
        front_end.overlay.deleteLater()
        for result in results:
            if isinstance(result, BaseException):
                raise result

    def _save(self, changes: Mapping[str, object], *, reset: Collection[str] = ()) -> None:
        assert not reset
        time.sleep(self.write_s)  # a slow disk
        self.saved.append(changes)

    def _list_devices(self) -> list[FoundDevice]:
        self.threads.append(threading.current_thread().name)
        return [FoundDevice("microphone", "Webcam")]


@pytest.fixture
def stage(
    qtbot: QtBot, scripted_session: ScriptedSession, qapp: object, tmp_path: Path
) -> Iterator[Stage]:
    with qasync.QEventLoop(qapp) as loop:
        asyncio.set_event_loop(loop)
        try:
            yield Stage(loop, scripted_session, ProfilePaths.under(tmp_path))
        finally:
            asyncio.set_event_loop(None)


def menu_of(front_end: FrontEnd) -> AppMenu:
    assert front_end._control is not None
    return front_end._control.menu


def entry(menu: AppMenu, title: str) -> QAction:
    return choice(menu.menu, title)


def choice(menu: QMenu, title: str) -> QAction:
    return next(action for action in menu.actions() if action.text() == title)


def titles_of(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if not action.isSeparator()]


async def started(stage: Stage) -> None:
    await until(lambda: ("start",) in stage.session.commands)


def test_the_overlay_appears_before_the_session_is_made(stage: Stage) -> None:
    made: list[bool] = []

    async def make(_settings: Settings) -> Session:
        made.append(True)
        return stage.session

    async def story(front_end: FrontEnd) -> None:
        for _ in range(50):
            await asyncio.sleep(0)
        assert made == []
        front_end.show()
        await started(stage)

    stage.play(story, make_session=make, is_shown=False)

    assert stage.appeared
    assert made == [True]


def test_events_reach_the_overlay(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        overlay, emit = front_end.overlay, stage.session.emit
        emit(SourceChanged("system", "Speakers"))
        emit(EngineChanged("Embedded engine", is_mock=True))
        emit(LevelChanged(AudioLevel(-20.0, -10.0)))
        emit(caption(0, "it was", is_final=True))
        emit(GapMarked(Gap(0, 500, "Some audio was lost here.")))

        assert overlay.dot.state is HealthState.LISTENING
        assert "MOCK" in overlay.status.text
        assert "System audio: Speakers" in overlay.status.text
        assert [line.text for line in overlay.view.shown] == ["it was [audio lost]"]
        assert front_end._control is not None
        assert "Listening to Speakers." in front_end._control.tray.icon.toolTip()

    stage.play(story)


def test_clicks_go_through_from_the_menu_and_back(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        menu, overlay = menu_of(front_end), front_end.overlay
        through = entry(menu, "Clicks go &through")
        through.trigger()
        assert overlay.windowHandle().flags() & Qt.WindowType.WindowTransparentForInput
        assert through.isChecked()
        assert "click-through" in overlay.status.text
        overlay.set_arranging(True)
        assert not overlay.windowHandle().flags() & Qt.WindowType.WindowTransparentForInput
        overlay.set_arranging(False)
        front_end.do(Command.CLICK_THROUGH)
        assert not overlay.windowHandle().flags() & Qt.WindowType.WindowTransparentForInput
        assert not through.isChecked()
        await until(lambda: len(stage.saved) > 0)

    stage.play(story)

    assert stage.saved[-1] == {"overlay.click_through": False}


def test_pause_and_copy_from_the_menu(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        menu, overlay = menu_of(front_end), front_end.overlay
        stage.session.emit(caption(0, "read me", is_final=True))
        entry(menu, "&Pause captions").trigger()
        assert overlay.is_held
        assert entry(menu, "&Pause captions").isChecked()
        assert front_end._control is not None
        assert "Paused" in front_end._control.tray.icon.toolTip()
        overlay.set_held(False)
        assert not entry(menu, "&Pause captions").isChecked()
        assert "Paused" not in front_end._control.tray.icon.toolTip()
        entry(menu, "&Copy captions").trigger()
        assert QGuiApplication.clipboard().text() == "read me"

    stage.play(story)


def test_vocabulary_language_and_place_are_changed_from_the_menu(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        live, menu = front_end.desk.live, menu_of(front_end)
        live.change({"vocabularies": [{"name": "Cardiology"}, {"name": "R&D"}]})
        choice(menu.vocabularies, "R&&D").trigger()
        assert live.now.vocabulary is not None
        assert live.now.vocabulary.name == "R&D"
        assert choice(menu.vocabularies, "R&&D").isChecked()
        choice(menu.vocabularies, "&None").trigger()
        assert live.now.vocabulary is None
        live.change({"recognition.language": "de-DE"})
        menu.languages.aboutToShow.emit()
        await until(lambda: len(titles_of(menu.languages)) == 2)  # the engine knows English
        assert choice(menu.languages, "Deutsch (de-DE)").isChecked()
        choice(menu.languages, "American English (en-US)").trigger()
        assert live.now.recognition.language == "en-US"
        choice(menu.places, "&Top of the screen").trigger()
        assert live.now.overlay.dock == "top"
        await until(lambda: len(stage.session.applied) == 6)

    stage.play(story)


def test_the_recogniser_is_chosen_from_the_menu(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        live, menu = front_end.desk.live, menu_of(front_end)
        assert titles_of(menu.recognisers) == ["Embedded engine"]
        live.change({"endpoints": [{"host": "gpu", "name": "My GPU"}, {"host": "other"}]})
        assert titles_of(menu.recognisers) == ["My GPU", "other:50051", "Embedded engine"]
        assert choice(menu.recognisers, "My GPU").isChecked()
        choice(menu.recognisers, "other:50051").trigger()
        assert [each.host for each in live.now.servers] == ["other", "gpu"]
        choice(menu.recognisers, "Embedded engine").trigger()
        assert live.now.servers == ()
        assert choice(menu.recognisers, "Embedded engine").isChecked()
        assert len(live.now.endpoints) == 2, "what is listed stays listed"
        await until(lambda: stage.saved)

    stage.play(story)

    assert stage.saved[-1] == {"connection.recogniser": "embedded"}


def test_quitting_keeps_the_last_words_and_lets_go_of_everything(stage: Stage) -> None:
    stage.session.last_words = caption(0, "the last words", is_final=True)
    overlays = []

    async def story(front_end: FrontEnd) -> None:
        overlays.append(front_end.overlay)
        await started(stage)
        menu_of(front_end).command_wanted.emit(Command.QUIT)

    stage.play(story)

    assert stage.session.commands[-2:] == [("close",), ("stop",)]
    assert [line.text for line in overlays[0].view.shown] == ["the last words"]
    assert stage.session.listeners == 0
    assert stage.faults == []


def test_commands_are_carried_out_one_after_the_other(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    async def stop_slowly() -> None:
        done.append("stop begins")
        await asyncio.sleep(0.05)
        done.append("stop ends")

    async def start() -> None:
        done.append("start")

    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        with monkeypatch.context() as patch:
            patch.setattr(stage.session, "stop", stop_slowly)
            patch.setattr(stage.session, "start", start)
            menu_of(front_end).stop_wanted.emit()
            menu_of(front_end).start_wanted.emit()
            await until(lambda: len(done) == 3)

    stage.play(story)

    assert done == ["stop begins", "stop ends", "start"]


def test_a_chosen_source_is_heard_and_remembered(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        menu_of(front_end).sources.wanted.emit({"audio.source": "mic", "audio.device": "Webcam"})
        await until(lambda: stage.saved)

    stage.play(story)

    assert [each.audio.device for each in stage.session.applied] == ["Webcam"]
    assert stage.saved == [{"audio.source": "mic", "audio.device": "Webcam"}]


def test_what_changes_during_a_write_is_written_too(stage: Stage) -> None:
    stage.write_s = 0.05

    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        for name in ("First", "Second", "Third"):
            menu_of(front_end).sources.wanted.emit({"audio.source": "mic", "audio.device": name})
            await asyncio.sleep(0.01)

    stage.play(story)

    assert stage.saved[-1]["audio.device"] == "Third"


def test_devices_are_listed_on_another_thread(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        await until(lambda: len(stage.threads) == 1)
        menu_of(front_end).sources.aboutToShow.emit()
        await until(lambda: len(stage.threads) == 2)
        menu = menu_of(front_end)
        await until(lambda: any(a.text() == "Webcam" for a in menu.sources.actions()))

    stage.play(story)

    assert threading.main_thread().name not in stage.threads


def test_the_overlay_is_hidden_and_shown_from_the_menu(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        menu_of(front_end).overlay_wanted.emit(False)  # noqa: FBT003  # a signal's argument
        assert not front_end.overlay.isVisible()
        menu_of(front_end).overlay_wanted.emit(True)  # noqa: FBT003  # a signal's argument
        assert front_end.overlay.isVisible()

    stage.play(story)


def test_closing_the_overlay_without_a_tray_quits(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        front_end.overlay.close()
        await until(front_end._quit.is_set)

    stage.play(story)


def test_its_place_is_saved_even_when_it_quits_at_once(stage: Stage) -> None:
    stage.write_s = 0.05

    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        for step in range(30):
            front_end.overlay.move(10 + step, 20)

    stage.play(story)

    geometry = stage.saved[-1]["overlay.geometry"]
    assert (geometry.x, geometry.y) == (39, 20)  # type: ignore[attr-defined]  # a WindowGeometry
    assert len(stage.saved) <= 3


def test_quitting_before_the_session_is_there_ends_at_once(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await until(lambda: front_end._control is not None)
        front_end.ask_to_quit()

    async def never(_settings: Settings) -> Session:
        await asyncio.Event().wait()
        raise AssertionError

    stage.play(story, make_session=never)

    assert stage.session.commands == []


def test_a_session_that_cannot_be_made_is_explained_and_tried_again(stage: Stage) -> None:
    tries = 0

    async def make(_settings: Settings) -> Session:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise EngineError("The engine is missing.", hint="Install it.")
        return stage.session

    async def story(front_end: FrontEnd) -> None:
        await until(lambda: front_end.overlay.dot.state is HealthState.FAILED)
        message = front_end.overlay.view.message
        assert message is not None
        assert (message.sentence, message.hint) == ("The engine is missing.", "Install it.")
        menu_of(front_end).start_wanted.emit()
        await started(stage)
        assert front_end.overlay.dot.state is HealthState.LISTENING

    stage.play(story, make_session=make)

    assert [type(fault["exception"]) for fault in stage.faults] == [EngineError]


def test_a_failed_command_is_reported_and_the_rest_goes_on(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_settings: Settings) -> None:
        raise EngineError("It broke.")

    monkeypatch.setattr(stage.session, "apply", fail)

    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        menu_of(front_end).sources.wanted.emit({"audio.source": "mic", "audio.device": None})
        await until(lambda: stage.faults)
        menu_of(front_end).stop_wanted.emit()
        await until(lambda: ("stop",) in stage.session.commands)

    stage.play(story)

    assert isinstance(stage.faults[0]["exception"], EngineError)


def test_the_times_that_matter_are_in_the_log_and_the_words_are_not(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        stage.session.emit(caption(0, "confidential", is_final=True))
        await until(lambda: front_end.overlay.view.painted.text == "confidential")

    stage.play(story)

    assert "overlay visible" in caplog.text
    assert "first caption painted" in caplog.text
    assert "confidential" not in caplog.text
