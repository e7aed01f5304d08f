"""What the health dot opens: what it says, what it offers, and that it costs nothing while shut."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QAccessible, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from captioner.core.audio import AudioLevel
from captioner.core.errors import EngineError
from captioner.core.events import (
    EndpointHealthChanged,
    HealthChanged,
    LevelChanged,
    SessionEvent,
    SourceChanged,
    StateChanged,
)
from captioner.core.health import (
    Concern,
    EndpointHealth,
    EndpointState,
    Health,
    HealthState,
    SessionFigures,
)
from captioner.core.state import SessionState
from captioner.gui.bridge import Session
from captioner.gui.commands import Command
from captioner.gui.front_end import FrontEnd
from captioner.gui.health.facts import FactSheet
from captioner.gui.health.level_meter import LevelMeter
from captioner.gui.health.mark import HealthDot
from captioner.gui.health.popover import StatusPopover
from captioner.gui.health.trend_plot import TrendPlot
from captioner.settings.models import Settings
from tests.gui.test_front_end import Stage, stage, started
from tests.support.scripted_session import LISTENING, ScriptedSession
from tests.support.wait import until

__all__ = ["stage"]

REFUSED = Health(
    HealthState.FAILED, "riva:50051 refused the key.", "Check the API key.", Concern.RECOGNISER
)
SILENT = Health(HealthState.NO_AUDIO, "Nothing is playing on Speakers.", "", Concern.SOURCE)


async def opened(front_end: FrontEnd) -> StatusPopover:
    front_end.do(Command.STATUS)
    popover = front_end.windows._status
    assert popover is not None
    await until(popover.isActiveWindow)
    return popover


def emit(session: ScriptedSession, *events: SessionEvent) -> None:
    for event in events:
        if isinstance(event, HealthChanged):
            session.health = event.health
        if isinstance(event, StateChanged):
            session.state = event.state
        session.emit(event)


def test_a_run_from_the_dot_to_the_end(stage: Stage) -> None:
    session = stage.session

    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        emit(session, SourceChanged("system", "Speakers"))
        session.figures = SessionFigures("riva:50051", 412.0, 830.0, 4.2, 2, 83_500)
        QTest.mouseClick(front_end.overlay.dot, Qt.MouseButton.LeftButton)
        popover = front_end.windows._status
        assert popover is not None
        await until(popover.isActiveWindow)
        assert popover.text.splitlines() == [
            "Listening to Speakers.",
            "Heard: Speakers",
            "Level: No sound arrives",
            "Recogniser: riva:50051",
            "Delay of captions: 0.4 s now; 95 of 100 took at most 0.8 s in the last 5 minutes",
            "Behind: 4.2 s",
            "Reconnected: 2 times in this run",
            "Lost audio: 1 min 24 s",
            "The last 10 minutes",
            "Level: Silent",
            "Delay of captions: No caption",
            "Behind: Not at all",
            "Lost audio: None",
        ]
        emit(
            session,
            LevelChanged(AudioLevel(-23.0, -9.0)),
            EndpointHealthChanged(
                EndpointHealth("riva:50051", EndpointState.READY, "riva:50051 recognises.")
            ),
        )
        assert "Level: \u221223 dB  Good" in popover.text
        assert "Its state: riva:50051 recognises." in popover.text
        front_end.desk.last_minutes.take_paint(0.0301)
        front_end.overlay.view.delay.measured.emit(0.012)
        popover._refresh()
        assert "Shown after: 31 ms; at most 31 ms in the last 10 minutes" in popover.text
        assert session.painted == [0.012], "the figures of the run have it, too"
        gone = Health(HealthState.RECONNECTING, "The server is gone.")
        emit(session, HealthChanged(gone))
        assert "recognises" not in popover.text, "that was before"
        emit(session, HealthChanged(LISTENING))
        assert "recognises" in popover.text
        emit(session, SourceChanged("microphone", "Webcam", "You"))
        emit(session, SourceChanged("system", "Speakers", "Others"))
        assert popover.text.splitlines()[1:5:2] == ["Others: Speakers", "You: Webcam"]
        QTest.keyClick(popover.copy_button, Qt.Key.Key_Space)
        assert QGuiApplication.clipboard().text() == popover.text
        assert "Copied" in front_end.overlay.status.text

        assert popover.toggle_button.text() == "&Stop captions"
        QTest.keyClick(popover.toggle_button, Qt.Key.Key_Space)
        await until(lambda: popover.toggle_button.text() == "&Start captions")
        assert popover.verdict.text.startswith("Captions are stopped.")
        assert "Heard: Nothing" in popover.text
        assert "recognises" not in popover.text
        QTest.keyClick(popover.toggle_button, Qt.Key.Key_Space)
        await until(lambda: session.commands.count(("start",)) == 2)

    stage.play(story)
    assert stage.faults == []


def test_it_reads_figures_only_while_it_is_open(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        popover = await opened(front_end)
        popover._timer.setInterval(10)
        stage.session.figures = SessionFigures(reconnects=1)
        await until(lambda: "Reconnected: Once in this run" in popover.text)
        QTest.keyClick(popover, Qt.Key.Key_Escape)
        assert not popover.isVisible()
        assert not popover._timer.isActive()
        emit(stage.session, HealthChanged(REFUSED), LevelChanged(AudioLevel()))
        assert popover.verdict.health != REFUSED
        front_end.do(Command.STATUS)
        assert popover.verdict.health == REFUSED, "what happened meanwhile is known"

    stage.play(story)
    assert stage.faults == []


def test_the_remedy_is_where_the_trouble_is_and_news_are_announced(stage: Stage) -> None:
    said: list[str] = []

    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        popover = await opened(front_end)
        pages: list[str] = []
        popover._open_settings = pages.append
        for health in (SILENT, SILENT, REFUSED):
            emit(stage.session, HealthChanged(health))
            popover.remedy_button.click()
        assert pages == ["audio", "audio", "server"]
        assert popover.toggle_button.text() == "&Stop captions", "the session says when it ends"
        emit(stage.session, StateChanged(SessionState.FAILED))
        assert popover.toggle_button.text() == "&Start captions"

    def announce(event: object) -> None:
        said.append(event.message())  # type: ignore[attr-defined]  # only announcements come here

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "captioner.gui.health.popover.QAccessible.updateAccessibility", staticmethod(announce)
        )
        stage.play(story)
    assert said[:2] == ["Nothing is playing on Speakers.", REFUSED.sentence + "\n" + REFUSED.hint]


def test_sound_on_another_output_is_a_press_away(stage: Stage) -> None:
    elsewhere = Health(
        HealthState.NO_AUDIO, "Nothing here.", "Choose it.", Concern.SOURCE, "TV & Hi-Fi"
    )

    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        popover = await opened(front_end)
        emit(stage.session, HealthChanged(elsewhere))
        assert popover.remedy_button.text() == "&Hear TV && Hi-Fi"
        QTest.keyClick(popover.remedy_button, Qt.Key.Key_Space)
        live = front_end.desk.live
        assert (live.now.audio.source, live.now.audio.device) == ("system", "TV & Hi-Fi")
        await until(lambda: stage.session.applied)
        live.change({"audio.source": "both"})
        popover.remedy_button.click()
        assert live.now.audio.source == "both"
        assert live.now.audio.system_device == "TV & Hi-Fi"

    stage.play(story)


def test_it_says_why_there_is_no_session(stage: Stage) -> None:
    async def fail(_settings: Settings) -> Session:
        raise EngineError("The engine is broken.", hint="Mend it.")

    async def story(front_end: FrontEnd) -> None:
        await until(lambda: front_end.desk.runner.health.state is HealthState.FAILED)
        popover = await opened(front_end)
        assert popover.text.startswith("The engine is broken.\nMend it.")
        assert popover.accessibleDescription() == "The engine is broken.\nMend it."
        assert popover.verdict.health.concern is Concern.RECOGNISER

    stage.play(story, make_session=fail)


def test_every_part_has_a_name_and_can_be_reached_with_tab(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        popover = await opened(front_end)
        emit(stage.session, HealthChanged(REFUSED))
        reached: list[QWidget] = []
        while (at := QApplication.focusWidget()) is not None and at not in reached:
            reached.append(at)
            QTest.keyClick(at, Qt.Key.Key_Tab)
        parts = [
            part
            for kind in (QPushButton, LevelMeter, TrendPlot, QLabel)
            for part in popover.findChildren(kind)
            if part.isVisible() and part.focusPolicy() is not Qt.FocusPolicy.NoFocus
        ]
        assert {*parts} <= {*reached}
        for part in parts:
            interface = QAccessible.queryAccessibleInterface(part)
            assert interface.text(QAccessible.Text.Name), part
        facts = popover.findChild(FactSheet)
        assert facts is not None
        assert facts.lost.accessibleName() == "Lost audio: None"

    stage.play(story)


def test_it_grows_with_what_it_says_and_keeps_clear_of_the_captions(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        popover = await opened(front_end)
        small = popover.height()
        font = popover.font()
        font.setPointSizeF(2 * font.pointSizeF())
        popover.setFont(font)
        long = Health(HealthState.DEGRADED, "A very long sentence that goes on. " * 12)
        emit(stage.session, HealthChanged(long))
        await until(lambda: popover.height() > small)
        screen = popover.screen().availableGeometry()
        assert popover.height() <= screen.height()
        low = QRect(10, screen.bottom() - 100, 300, 100)
        popover.hide()
        popover.resize(popover.width(), 200)
        popover._taken = low
        popover._step_aside()
        assert not popover.frameGeometry().intersects(low)
        popover._taken = QRect(10, screen.top(), 300, 100)
        popover._step_aside()
        assert popover.frameGeometry().top() > screen.top() + 100
        half = QRect(10, screen.center().y(), 300, screen.height() // 2)
        popover.hide()
        popover.open_beside(half)
        emit(stage.session, HealthChanged(replace(long, hint="And a hint. " * 20)))
        await until(lambda: "And a hint" in popover.text)
        await asyncio.sleep(0)
        assert not popover.frameGeometry().intersects(half)
        assert popover.frameGeometry().top() >= screen.top()

    stage.play(story)


def test_only_a_click_of_the_left_button_on_the_dot_counts(qtbot: object) -> None:
    dot = HealthDot(20)
    clicks: list[bool] = []
    dot.clicked.connect(lambda: clicks.append(True))
    QTest.mouseClick(dot, Qt.MouseButton.RightButton)
    QTest.mousePress(dot, Qt.MouseButton.LeftButton)
    QTest.mouseRelease(dot, Qt.MouseButton.LeftButton, pos=dot.rect().bottomRight() * 3)
    assert not clicks
    QTest.mouseClick(dot, Qt.MouseButton.LeftButton)
    assert clicks == [True]
