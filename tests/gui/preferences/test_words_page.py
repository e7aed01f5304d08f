"""The page on words: tables and vocabularies, filled in and taken out with the keyboard alone."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QDoubleSpinBox, QLineEdit, QWidget

from captioner.gui.preferences.word_table import WordTable
from captioner.gui.preferences.words_page import WordsPage
from captioner.settings.vocabulary import BoostedPhrase, Replacement, VocabularySettings
from tests.gui.preferences.conftest import Office, Play
from tests.support.wait import until


def page_of(office: Office) -> WordsPage:
    page = next(page for page in office.dialog.pages if isinstance(page, WordsPage))
    office.dialog.open_page(page.key)
    return page


def focused() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


async def type_row(table: WordTable, *cells: str) -> None:
    """Add a row and fill it in."""
    table.table.setFocus()
    QTest.keyClick(table.table, Qt.Key.Key_Insert)
    for number, text in enumerate(cells):
        if number:
            QTest.keyClick(table.table, Qt.Key.Key_Right)
            QTest.keyClick(table.table, Qt.Key.Key_Return)
        editor = focused()
        assert isinstance(editor, QLineEdit | QDoubleSpinBox)
        editor.selectAll()
        QTest.keyClicks(editor, text)
        QTest.keyClick(editor, Qt.Key.Key_Return)
        await until(lambda: QApplication.focusWidget() is table.table)


def test_words_for_all_talks(play: Play) -> None:
    async def story(office: Office) -> None:
        page = page_of(office)
        await type_row(page.boosted, "stenosis", "20")
        await type_row(page.boosted, "Captioner")
        await type_row(page.replacements, "cap shunner", "Captioner")
        await type_row(page.replacements, "um")
        office.press(office.dialog.apply_button)
        await until(lambda: office.saved().captions.replacements)
        saved = office.saved()
        assert saved.recognition.boosted == (
            BoostedPhrase(phrase="stenosis", boost=20),
            BoostedPhrase(phrase="Captioner"),
        )
        assert saved.captions.replacements == (
            Replacement(heard="cap shunner", shown="Captioner"),
            Replacement(heard="um"),
        )

        page.boosted.table.setCurrentCell(0, 0)
        office.press(page.boosted.remove_button)
        page.replacements.table.setFocus()
        page.replacements.table.setCurrentCell(1, 0)
        QTest.keyClick(page.replacements.table, Qt.Key.Key_Delete)
        office.press(office.dialog.ok_button)
        await until(lambda: len(office.saved().recognition.boosted) == 1)
        assert office.saved().recognition.boosted[0].phrase == "Captioner"
        assert office.saved().captions.replacements == (
            Replacement(heard="cap shunner", shown="Captioner"),
        )

    play(story)


def test_a_row_that_makes_no_sense_is_named_and_an_empty_one_does_not_count(play: Play) -> None:
    async def story(office: Office) -> None:
        page = page_of(office)
        await type_row(page.replacements, "")
        assert not office.dialog.draft.is_changed

        await type_row(page.replacements, "--", "x")
        assert page.replacements.problem == "\u26a0 Row 2: it needs at least one letter or digit."
        assert "Words to write otherwise" in office.dialog.bar.text
        assert "captions.replacements" not in office.dialog.bar.text
        assert not office.dialog.ok_button.isEnabled()

        page.replacements.table.setCurrentCell(1, 0)
        office.press(page.replacements.remove_button)
        assert page.replacements.problem == ""
        assert office.dialog.bar.isHidden()

        await type_row(page.boosted, "word", "500")
        assert "Row 1" in page.boosted.problem

    play(story)


def test_a_vocabulary_is_made_filled_chosen_renamed_and_removed(play: Play) -> None:
    async def story(office: Office) -> None:
        page = page_of(office)
        draft = office.dialog.draft
        office.press(page.add_button)
        assert focused() is page.name
        QTest.keyClicks(page.name, "Cardiology")
        await type_row(page.boosted, "stenosis")
        await type_row(page.replacements, "steno sis", "stenosis")
        page.chosen.setFocus()
        QTest.keyClick(page.chosen, Qt.Key.Key_End)
        assert draft.value("recognition.vocabulary") == "Cardiology"
        office.press(office.dialog.apply_button)
        await until(lambda: office.saved().vocabularies)
        assert office.saved().vocabularies == (
            VocabularySettings(
                name="Cardiology",
                boosted=(BoostedPhrase(phrase="stenosis"),),
                replacements=(Replacement(heard="steno sis", shown="stenosis"),),
            ),
        )
        assert office.saved().vocabulary is not None
        assert office.saved().recognition.boosted == ()

        page.name.setFocus()
        QTest.keyClicks(page.name, " II")
        assert draft.value("recognition.vocabulary") == "Cardiology II"
        page.name.selectAll()
        QTest.keyClick(page.name, Qt.Key.Key_Delete)
        assert not office.dialog.ok_button.isEnabled()
        QTest.keyClicks(page.name, "Heart")
        assert office.dialog.ok_button.isEnabled()

        office.press(page.add_button)
        QTest.keyClicks(page.name, "heart")
        assert "each vocabulary needs a name of its own" in office.dialog.bar.text
        office.press(page.remove_button)
        assert [page.scope.itemText(i) for i in range(page.scope.count())] == ["All talks", "Heart"]

        page.scope.setFocus()
        QTest.keyClick(page.scope, Qt.Key.Key_End)
        assert page.boosted.entries() == (BoostedPhrase(phrase="stenosis"),)
        office.press(page.remove_button)
        assert page.boosted.entries() == ()
        office.press(office.dialog.ok_button)
        await until(lambda: office.saved().vocabularies == ())

    play(story)


def test_cancel_brings_words_back(play: Play) -> None:
    async def story(office: Office) -> None:
        live = office.front_end.desk.live
        live.change({"captions.replacements": (Replacement(heard="a", shown="b"),)})
        page = page_of(office)
        page.replacements.table.setFocus()
        page.replacements.table.setCurrentCell(0, 0)
        QTest.keyClick(page.replacements.table, Qt.Key.Key_Delete)
        await type_row(page.boosted, "word")
        office.press(page.add_button)
        office.dialog.cancel()
        office.dialog.open_page()
        assert page.replacements.entries() == (Replacement(heard="a", shown="b"),)
        assert page.boosted.entries() == ()
        assert page.scope.count() == 1
        assert not office.dialog.draft.is_changed

    play(story)


def test_a_vocabulary_chosen_in_the_menu_is_shown(play: Play) -> None:
    async def story(office: Office) -> None:
        page = page_of(office)
        office.front_end.desk.live.change(
            {
                "vocabularies": (VocabularySettings(name="Team"),),
                "recognition.vocabulary": "team",
            }
        )
        box = page.chosen
        assert isinstance(box, QComboBox)
        assert box.currentText() == "Team"
        assert not office.dialog.draft.is_changed

    play(story)
