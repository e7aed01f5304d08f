"""Past transcripts: listed, searched, read at the place that was found, saved and deleted."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from captioner.core.segment import Gap, Segment
from captioner.gui.front_end import FrontEnd
from captioner.gui.transcript.past import PastWindow
from captioner.transcript.export import TranscriptFormat
from captioner.transcript.history import looking
from captioner.transcript.history.database import open_history, reading
from captioner.transcript.history.records import Batch, KeptSegment, Run
from captioner.transcript.history.writing import keep
from tests.gui.test_front_end import Stage, stage, started
from tests.support.wait import until

__all__ = ["stage"]


def run(key: str, began: float, *texts: str, channel: str = "") -> Batch:
    finals = []
    for number, text in enumerate(texts):
        at = number * 2000
        segment = Segment(
            number, text, is_final=True, start_ms=at, end_ms=at + 900, channel=channel
        )
        finals.append((key, KeptSegment(segment, began + number * 2)))
    return Batch(runs={key: Run(key, began, began + 99, f"Source {key}")}, finals=finals)


def prepared(stage: Stage) -> Path:
    file = stage._paths.data_dir / "history.db"
    connection = open_history(file)
    keep(connection, run("a", 1_700_000_000.0, *[f"line {n} of the first talk" for n in range(99)]))
    second = run("b", 1_700_100_000.0, "Shall we begin?", "The budget is fine", channel="You")
    second.gaps.append(("b", Gap(1000, 1500, "The server was away")))
    keep(connection, second)
    connection.close()
    return file


async def opened(front_end: FrontEnd) -> PastWindow:
    front_end.windows.open_past()
    window = front_end.windows._past
    assert window is not None
    await until(window.isActiveWindow)
    return window


def titles(window: PastWindow) -> list[str]:
    return [window.found.item(row).text() for row in range(window.found.count())]


def lines(window: PastWindow) -> list[str]:
    """Return what is shown without the times."""
    return [line.partition("  ")[2] for line in window.view.toPlainText().splitlines()]


def test_all_transcripts_are_listed_and_read(stage: Stage, tmp_path: Path) -> None:
    prepared(stage)

    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        window = await opened(front_end)
        await until(lambda: len(lines(window)) == 3)
        assert [title.partition("  ")[2] for title in titles(window)] == ["Source b", "Source a"]
        assert lines(window) == [
            "You: Shall we begin?",
            "[The server was away]",
            "You: The budget is fine",
        ]
        window._content().write(TranscriptFormat.SRT, tmp_path / "talk.srt")
        assert "You: The budget is fine" in (tmp_path / "talk.srt").read_text(encoding="utf-8")
        QTest.keyClick(window, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
        assert not window.isVisible()
        assert window.view.toPlainText() == ""

    stage.play(story)


def test_a_search_leads_to_the_line(stage: Stage) -> None:
    prepared(stage)

    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        window = await opened(front_end)
        QTest.keyClicks(window.words, "talk 70 lin")
        await until(lambda: len(titles(window)) == 1)
        assert titles(window)[0].endswith("line 70 of the first talk")
        await until(lambda: len(lines(window)) == 99)
        assert window.view.textCursor().blockNumber() == 70
        window.words.setText("nowhere")
        await until(lambda: window.outcome.text() == "Nothing was found.")
        assert not window.delete_button.isEnabled()

    stage.play(story)


def test_one_is_deleted_after_a_question(stage: Stage) -> None:
    file = prepared(stage)

    async def story(front_end: FrontEnd) -> None:
        await started(stage)
        window = await opened(front_end)
        await until(window.delete_button.isEnabled)
        window.delete_button.click()
        question = window.question
        assert question is not None
        QTest.keyClick(question.button(QMessageBox.StandardButton.Cancel), Qt.Key.Key_Space)
        await until(lambda: window.question is None)
        assert len(titles(window)) == 2
        window.delete_button.click()
        question = window.question
        assert question is not None
        delete = next(b for b in question.buttons() if b.text().replace("&", "") == "Delete")
        QTest.keyClick(delete, Qt.Key.Key_Space)
        await until(lambda: len(titles(window)) == 1)
        await until(lambda: window.outcome.text() == "The transcript is deleted.")
        with reading(file) as connection:
            assert [each.run.key for each in looking.runs(connection)] == ["a"]
        assert b"budget" not in file.read_bytes()

    stage.play(story)
