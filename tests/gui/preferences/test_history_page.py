"""The page History: what the window captions is kept, counted, exported and deleted."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QMessageBox

from captioner.gui.preferences.history_page import HistoryPage
from captioner.transcript.export import TranscriptFormat
from captioner.transcript.history import looking
from captioner.transcript.history.database import reading
from captioner.transcript.history.files import encrypted_file
from tests.gui.preferences.conftest import Office, Play
from tests.support.key_ring import Ring
from tests.support.scripted_session import caption
from tests.support.wait import until


def page_of(office: Office) -> HistoryPage:
    return next(page for page in office.dialog.pages if isinstance(page, HistoryPage))


def texts(path: Path) -> list[str]:
    with reading(path) as connection:
        return [
            kept.segment.text
            for run in looking.runs(connection)
            for kept in looking.segments(connection, run.number)
        ]


def test_what_is_kept_is_counted_exported_moved_and_deleted(play: Play, tmp_path: Path) -> None:
    async def story(office: Office) -> None:
        page = page_of(office)
        file = office.paths.data_dir / "history.db"
        office.dialog.open_page(page.key)
        await until(lambda: page.amount.text() == "Nothing is kept yet.")
        assert not page.delete_button.isEnabled()

        office.session.emit(caption(0, "Good morning", is_final=True))
        office.session.emit(caption(1, "and welcome", is_final=True))
        await until(lambda: len(texts(file)) == 2)
        office.dialog.open_page(page.key)
        await until(lambda: "Captions in them: 2" in page.amount.text())

        await page._exported(TranscriptFormat.TXT, tmp_path / "all")
        (exported,) = (tmp_path / "all").iterdir()
        assert exported.read_text(encoding="utf-8") == "Good morning\nand welcome\n"
        assert str(tmp_path / "all") in page.outcome.text()

        page.folder.choose(tmp_path / "elsewhere")
        office.press(office.dialog.apply_button)
        moved = tmp_path / "elsewhere" / "history.db"
        await until(lambda: len(texts(moved)) == 2)
        assert not file.exists()
        assert office.saved().history.folder == str(moved.parent)
        await until(lambda: "Captions in them: 2" in page.amount.text())

        page.delete_button.click()
        question = page.question
        assert question is not None
        QTest.keyClick(question.button(QMessageBox.StandardButton.Cancel), Qt.Key.Key_Space)
        await until(lambda: page.question is None)
        assert len(texts(moved)) == 2
        page.delete_button.click()
        question = page.question
        assert question is not None
        delete = next(b for b in question.buttons() if b.text().replace("&", "") == "Delete")
        QTest.keyClick(delete, Qt.Key.Key_Space)
        await until(lambda: page.amount.text() == "Nothing is kept yet.")
        assert texts(moved) == []
        assert b"welcome" not in b"".join(each.read_bytes() for each in moved.parent.iterdir())

    play(story)


def test_switched_off_nothing_is_written_from_then_on(play: Play) -> None:
    async def story(office: Office) -> None:
        file = office.paths.data_dir / "history.db"
        office.session.emit(caption(0, "for the record", is_final=True))
        await until(lambda: texts(file) == ["for the record"])
        office.front_end.desk.live.change({"history.is_kept": False})
        office.session.emit(caption(1, "off the record", is_final=True))
        office.front_end.desk.live.change({"history.is_kept": True})
        office.session.emit(caption(2, "on it again", is_final=True))
        await until(lambda: len(texts(file)) == 2)
        assert sorted(texts(file)) == ["for the record", "on it again"]

    play(story)


def test_half_a_path_is_no_folder(play: Play) -> None:
    async def story(office: Office) -> None:
        page = page_of(office)
        office.dialog.open_page(page.key)
        QTest.keyClicks(page.folder.line, "transcripts")
        await until(lambda: "history.folder" in page.draft.problems)
        assert "whole path" in page.draft.problems["history.folder"].message

    play(story)


def test_encrypting_asks_for_the_key_first(play: Play, ring: Ring) -> None:
    ring.is_locked = True

    async def story(office: Office) -> None:
        page = page_of(office)
        file = office.paths.data_dir / "history.db"
        office.dialog.open_page(page.key)
        office.session.emit(caption(0, "The heron crossed the yard", is_final=True))
        await until(lambda: len(texts(file)) == 1)
        (box,) = [box for box in page.findChildren(QCheckBox) if box.text() == "E&ncrypt them"]
        QTest.keyClick(box, Qt.Key.Key_Space)
        office.press(office.dialog.apply_button)
        await until(lambda: "The keyring is locked. Unlock it." in office.dialog.bar.text)
        assert not office.saved().history.encrypted
        assert file.exists()

        ring.is_locked = False
        office.press(office.dialog.apply_button)
        await until(lambda: encrypted_file(file).exists() and not file.exists())
        assert office.saved().history.encrypted
        assert texts(file) == ["The heron crossed the yard"]
        office.dialog.open_page(page.key)
        await until(lambda: "Captions in them: 1" in page.amount.text())

    play(story)
