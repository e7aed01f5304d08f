"""The transcript: it collects from the start, follows or stays, finds, copies and saves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import srt
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAccessible, QGuiApplication, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QComboBox, QLineEdit

from captioner.core.events import EngineChanged, GapMarked, StateChanged
from captioner.core.segment import Gap
from captioner.core.state import SessionState
from captioner.gui.commands import Command
from captioner.gui.front_end import FrontEnd
from captioner.gui.transcript.window import TranscriptWindow
from captioner.transcript.export import TranscriptFormat
from tests.gui.test_front_end import Stage, stage, started
from tests.support.scripted_session import caption
from tests.support.wait import until

__all__ = ["stage"]


async def opened(front_end: FrontEnd, *, times: bool = False) -> TranscriptWindow:
    front_end.desk.live.change({"desktop.transcript_times": times})
    front_end.do(Command.TRANSCRIPT)
    window = front_end.windows._transcript
    assert window is not None
    await until(window.isActiveWindow)
    return window


def lines(window: TranscriptWindow) -> list[str]:
    """Return what is seen, without the line that a run begins with."""
    return [line for line in window.view.toPlainText().split("\n") if not line.startswith("—")]


def say(stage: Stage, first: int, last: int, text: str = "line") -> None:
    for number in range(first, last):
        stage.session.emit(caption(number, f"{text} {number}", is_final=True))


def test_it_has_what_was_said_before_it_was_opened_and_while_it_was_closed(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        say(stage, 0, 2)
        window = await opened(front_end)
        assert lines(window) == ["line 0", "line 1"]
        stage.session.emit(caption(2, "still being", channel="You"))
        stage.session.emit(GapMarked(Gap(0, 1, "Some audio was lost here.")))
        assert lines(window)[2:] == ["You: still being …", "[Some audio was lost here.]"]
        stage.session.emit(caption(2, "Still being said.", is_final=True, channel="You"))
        assert lines(window)[2] == "You: Still being said."
        QTest.keyClick(window, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
        assert not window.isVisible()
        assert window.view.toPlainText() == ""
        say(stage, 3, 4)
        front_end.do(Command.TRANSCRIPT)
        await until(window.isVisible)
        assert lines(window)[-1] == "line 3"

    stage.play(story)


def test_whatever_is_said_stays_on_a_line_of_its_own(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        window = await opened(front_end)
        for number, end in enumerate(("\n", "\r\n", "\u2028", "\u2029", "\ufdd0")):
            stage.session.emit(caption(number, f"one{end}two", is_final=True))
        stage.session.emit(caption(9, "three", is_final=True))
        assert [line.split() for line in lines(window)] == [["one", "two"]] * 5 + [["three"]]
        window.view.selectAll()
        window.view.copy()
        assert QGuiApplication.clipboard().text().endswith("one two\nthree")

    stage.play(story)


def test_another_run_is_marked_and_goes_on(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        window = await opened(front_end)
        say(stage, 0, 1, "before")
        for state in (SessionState.IDLE, SessionState.STARTING, SessionState.STREAMING):
            stage.session.emit(StateChanged(state))
        say(stage, 0, 1, "after")
        text = window.view.toPlainText()
        assert "before 0\n— Captions started on " in text
        assert text.endswith("—\nafter 0")

    stage.play(story)


def test_it_follows_until_its_reader_goes_up_and_again_when_asked(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        say(stage, 0, 900)
        window = await opened(front_end)
        view = window.view
        await until(lambda: len(view.entries) >= 900)
        bar = view.verticalScrollBar()
        assert bar.value() == bar.maximum() > 0
        assert not window.newest.isVisible()
        say(stage, 900, 905)
        assert bar.value() == bar.maximum()
        QTest.keyClick(view, Qt.Key.Key_PageUp)
        QTest.keyClick(view, Qt.Key.Key_PageUp)
        place = bar.value()
        assert place < bar.maximum()
        assert window.newest.isVisible()
        say(stage, 905, 950)
        assert bar.value() == place
        front_end.desk.live.change({"desktop.transcript_times": True})
        await until(lambda: len(view.entries) >= 950)
        assert abs(bar.value() - place) <= 1
        window.newest.click()
        assert bar.value() == bar.maximum()
        assert not window.newest.isVisible()
        cursor = view.textCursor()
        cursor.movePosition(QTextCursor.MoveOperation.WordLeft, QTextCursor.MoveMode.KeepAnchor)
        view.setTextCursor(cursor)
        assert not view.is_following, "what is selected must not run away"

    stage.play(story)


def test_words_are_found_by_keyboard_and_counted_while_captions_come(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        for number, text in enumerate(("The best of times", "the worst", "Best wishes")):
            stage.session.emit(caption(number, text, is_final=True))
        window = await opened(front_end)
        view, search = window.view, window.search
        QTest.keyClick(view, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
        assert search.words.hasFocus()
        QTest.keyClicks(search.words, "best")
        assert len(view.finder.matches) == 2
        assert len(view.extraSelections()) == 2
        QTest.keyClick(search.words, Qt.Key.Key_Return)
        assert search.count.text() == "1 of 2"
        assert view.textCursor().selectedText() == "best"
        QTest.keyClick(search.words, Qt.Key.Key_Return)
        assert view.textCursor().selectedText() == "Best"
        QTest.keyClick(search.words, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
        assert search.count.text() == "1 of 2"
        stage.session.emit(caption(3, "all the best", is_final=True))
        assert search.count.text() == "1 of 3"
        QTest.keyClicks(search.words, "x")
        assert search.count.text() == "Not found"
        assert not search.next.isEnabled()
        QTest.keyClick(search.words, Qt.Key.Key_Escape)
        QTest.keyClick(search.words, Qt.Key.Key_Escape)
        assert view.hasFocus()
        assert view.extraSelections() == []

    stage.play(story)


def test_what_is_copied_does_not_make_the_end_a_crash() -> None:
    program = """
from PySide6.QtWidgets import QApplication
application = QApplication(["captioner", "-platform", "offscreen"])
from captioner.gui.transcript.view import TranscriptView
from captioner.transcript.record import Entry, EntryKind
view = TranscriptView()
view.show_entry(Entry(0, EntryKind.FINAL, 0.0, "words"))
view.selectAll()
view.copy()
print(application.clipboard().text())
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.endswith("words\n")
    assert done.returncode == 0


def test_what_may_still_change_is_never_copied(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        say(stage, 0, 1)
        stage.session.emit(caption(1, "half a senten", channel="You"))
        say(stage, 2, 3)
        window = await opened(front_end)
        window.copy_button.click()
        copied = QGuiApplication.clipboard().text().split("\n")
        assert copied == ["line 0", "line 2"]
        assert window.outcome.text() == "Copied"
        QTest.keyClick(window.view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClick(window.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
        assert QGuiApplication.clipboard().text().split("\n") == copied

    stage.play(story)


def test_one_speaker_can_be_read_alone_and_times_come_and_go(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        window = await opened(front_end)
        assert not window.speakers.isVisible()
        stage.session.emit(caption(0, "Hello?", is_final=True, channel="Others"))
        stage.session.emit(caption(1, "Hello!", is_final=True, channel="You"))
        assert window.speakers.isVisible()
        window.speakers.setCurrentIndex(window.speakers.findData("You"))
        assert lines(window) == ["You: Hello!"]
        stage.session.emit(caption(2, "Still there?", is_final=True, channel="Others"))
        assert lines(window) == ["You: Hello!"]
        QTest.keyClick(window.times, Qt.Key.Key_Space)
        assert front_end.desk.live.now.desktop.transcript_times
        (line,) = lines(window)
        assert line[2] == line[5] == ":"
        assert line.endswith("  You: Hello!")

    stage.play(story)


def test_finals_are_announced_only_when_asked_for(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(
        QAccessible, "updateAccessibility", lambda event: told.append(event.message())
    )

    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        window = await opened(front_end)
        say(stage, 0, 1)
        QTest.keyClick(window.announces, Qt.Key.Key_Space)
        assert front_end.desk.live.now.desktop.announce_finals
        stage.session.emit(caption(1, "not yet"))
        stage.session.emit(caption(1, "Now it is.", is_final=True, channel="You"))
        window.hide()
        say(stage, 2, 3)

    stage.play(story)

    assert told == ["You: Now it is."]


def test_it_is_saved_while_captions_go_on_and_a_failure_is_told(
    stage: Stage, tmp_path: Path
) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        window = await opened(front_end)
        save = window.save_button
        save.choose_file(TranscriptFormat.SRT)
        assert window.outcome.text() == "There are no captions to save yet"
        say(stage, 0, 2)
        stage.session.emit(caption(2, "half a senten"))
        for target in (tmp_path / "talk.srt", tmp_path / "absent" / "talk.srt"):
            save.choose_file(TranscriptFormat.SRT)
            assert save.files.dialog is not None
            save.files.dialog.fileSelected.emit(str(target))
            await until(lambda target=target: str(target) in window.outcome.text())
            save.files.close()
        assert "cannot be written" in window.outcome.text()

    stage.play(story)

    cues = list(srt.parse((tmp_path / "talk.srt").read_text(encoding="utf-8")))
    assert " ".join(cue.content for cue in cues) == "line 0 line 1"


def test_its_place_is_remembered_and_words_taken_back_are_gone(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        window = await opened(front_end)
        say(stage, 0, 1)
        stage.session.emit(caption(1, "never mind"))
        stage.session.emit(caption(1, "", is_final=True))
        say(stage, 2, 3)
        assert lines(window) == ["line 0", "line 2"]
        window.setGeometry(30, 40, 500, 300)
        window.hide()
        left = front_end.desk.live.now.desktop.transcript_geometry
        assert left is not None
        assert (left.x, left.y, left.width, left.height) == (30, 40, 500, 300)

    stage.play(story)


def test_every_control_has_a_name_and_is_reached_by_tab(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        stage.session.emit(caption(0, "Hello?", is_final=True, channel="Others"))
        stage.session.emit(caption(1, "Hello!", is_final=True, channel="You"))
        window = await opened(front_end)
        controls = [
            each
            for kind in (QAbstractButton, QCheckBox, QComboBox, QLineEdit)
            for each in window.findChildren(kind)
            if each.isVisible()
            and each.isEnabled()
            and each.focusPolicy() & Qt.FocusPolicy.TabFocus
        ]
        for each in (*controls, window.view):
            interface = QAccessible.queryAccessibleInterface(each)
            assert interface.text(QAccessible.Text.Name), each
        reached = set()
        for _ in range(len(controls) + 3):
            reached.add(window.focusWidget())
            QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        assert {window.view, *controls} <= reached
        assert QAccessible.queryAccessibleInterface(window.view).textInterface() is not None

    stage.play(story)


def test_what_is_kept_no_longer_is_shown_no_longer(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        window = await opened(front_end)
        monkeypatch.setattr(front_end.windows._recorder.record, "_most", 3)
        say(stage, 0, 5)
        await until(lambda: lines(window) == ["line 3", "line 4"])

    stage.play(story)


def test_words_of_a_mock_engine_are_said_to_be_scripted(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        window = await opened(front_end)
        assert not window.scripted.isVisible()
        stage.session.emit(EngineChanged("Embedded engine", is_mock=True))
        assert window.scripted.isVisible()
        assert "MOCK" in window.scripted.text()
        stage.session.emit(EngineChanged("gpu:50051"))
        assert window.scripted.isVisible(), "what was made up is there still"

    stage.play(story)


def test_another_theme_keeps_the_text_readable(stage: Stage) -> None:
    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        say(stage, 0, 1)
        window = await opened(front_end)
        view = window.view
        window.changeEvent(QEvent(QEvent.Type.PaletteChange))
        await until(lambda: lines(window) == ["line 0"])
        assert view.entries

    stage.play(story)
