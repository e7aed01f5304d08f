"""The details of the status: folded at first, filled only while they are seen, for every hand."""

from __future__ import annotations

import asyncio
import socket

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from captioner.core.counts import AudioCounts, EngineCounts, ErasureCounts, SessionCounts
from captioner.gui.front_end import FrontEnd
from captioner.gui.health.count_sheet import CountSheet
from captioner.gui.health.last_minutes import Second
from captioner.gui.health.trend_plot import TrendPlot
from tests.gui.health.test_popover import opened
from tests.gui.test_front_end import Stage, stage, started
from tests.support.feed import TOKEN
from tests.support.scripted_session import caption
from tests.support.wait import until

__all__ = ["stage"]

COUNTS = SessionCounts(
    AudioCounts(
        captured=16_000 * 3725, sent=16_000 * 3731, processed=16_000 * 59, waiting=16_000 // 5
    ),
    ErasureCounts(revisions=9, erased_words=14, final_words=400),
    {"unavailable": 2, "overloaded": 1},
    failovers=1,
)


def test_they_are_unfolded_and_folded_with_the_keyboard(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        stage.session.counts = COUNTS
        popover = await opened(front_end)
        details, low = popover.details, popover.height()
        assert "Audio captured" not in popover.text
        assert details.counts.captured.text() == "0.0 s", "nobody sees it, so nobody fills it"

        QTest.keyClick(details.button, Qt.Key.Key_Return)
        assert details.is_open
        assert popover.text.splitlines()[-17:] == [
            "The last 10 minutes",
            "Speech to first words: No caption",
            "Speech end to final: No caption",
            "Shown after: No caption",
            "Words taken back: No word",
            "Embedded engine: Not in use",
            "Since the start of Captioner",
            "Audio captured: 1 h 2 min",
            "Audio sent: 1 h 2 min",
            "Audio processed: 59.0 s",
            "Waiting to be sent: 0.2 s",
            "Revisions: 9",
            "Words taken back: 14; 0.04 for each final word",
            "Interruptions: broken connection (2), no room at the server (1)",
            "Another stood in: Once",
            "Embedded engine: Not in use",
            "Failed outputs: None",
        ]
        await until(lambda: popover.height() > low)
        assert popover.toggle_button.text() == "&Stop captions", "Enter has pressed nothing else"

        popover._timer.setInterval(10)
        stage.session.counts = SessionCounts(failovers=3)
        stage.session.engine_counts = EngineCounts(streams=2, heard=32_000, decode_s=0.5)
        await until(lambda: "Another stood in: 3 times" in popover.text)
        engine = "Embedded engine: 0.25 s of work for each second of audio; 2 streams"
        assert engine in popover.text

        QTest.keyClick(details.button, Qt.Key.Key_Space)
        assert not details.is_open
        await until(lambda: popover.height() <= low)
        assert "Another stood in" not in popover.text

    stage.play(story)
    assert stage.faults == []


def test_on_a_low_screen_they_are_scrolled_into_view(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        popover = await opened(front_end)
        popover.details.button.click()
        bar = popover._area.verticalScrollBar()
        await until(lambda: bar.maximum() > 0 and bar.value() > 0)
        assert bar.value() == min(popover.details.y(), bar.maximum())
        screen = popover.screen().availableGeometry()
        assert popover.frameGeometry().height() <= screen.height()

    stage.play(story)


def test_each_figure_has_a_name_and_can_be_reached_with_tab(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        popover = await opened(front_end)
        details = popover.details
        assert accessible(details.button) == ("Details", "Shows more figures")
        details.button.click()
        assert accessible(details.button) == ("Details", "More figures are shown below")
        state = QAccessible.queryAccessibleInterface(details.button).state()
        assert state.checked
        reached: list[QWidget] = []
        while (at := QApplication.focusWidget()) is not None and at not in reached:
            reached.append(at)
            QTest.keyClick(at, Qt.Key.Key_Tab)
        parts = [
            part
            for kind in (TrendPlot, QLabel)
            for part in details.findChildren(kind)
            if part.focusPolicy() is not Qt.FocusPolicy.NoFocus
        ]
        assert len(parts) == 5 + 10
        assert {details.button, *parts} <= {*reached}
        assert all(accessible(part)[0] for part in parts)
        assert accessible(details.counts.failovers)[0] == "Another stood in: Never"

    stage.play(story)


def accessible(part: QWidget) -> tuple[str, str]:
    interface = QAccessible.queryAccessibleInterface(part)
    return interface.text(QAccessible.Text.Name), interface.text(QAccessible.Text.Description)


def test_what_stands_beside_the_titles_begins_at_one_place(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        popover = await opened(front_end)
        popover.details.button.click()
        await until(lambda: popover.details.counts.outputs.width() > 0)
        popover.details.trends.show_seconds([Second(1, final_s=12.5, engine=0.25)])
        await asyncio.sleep(0.05)  # the layout follows what is said
        shown: list[QWidget] = [
            popover.facts.lost,
            *popover.findChildren(TrendPlot),
            popover.details.counts.captured,
            popover.details.counts.outputs,
        ]
        assert len(shown) == 12
        assert len({each.mapTo(popover, QPoint()).x() for each in shown}) == 1

    stage.play(story)


def test_outputs_that_fail_are_counted(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAPTIONER_FEED_TOKEN", TOKEN)
    stage._paths.data_dir.write_text("no folder")

    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        popover = await opened(front_end)
        popover.details.button.click()
        popover._timer.setInterval(10)
        stage.session.emit(caption(0, "Good morning.", is_final=True))
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            front_end.desk.live.change({"feed.port": port, "feed.is_on": True})
            await until(lambda: "live feed (1)" in popover.text)
        await until(lambda: "Failed outputs: history (" in popover.text)

    stage.play(story)


def test_a_cause_without_a_name_is_told_as_it_is(qtbot: object) -> None:
    sheet = CountSheet()
    sheet.show_counts(SessionCounts(reconnects={"novel": 1, "tls": 2}))
    assert sheet.causes.text() == "novel (1), encryption (2)"
