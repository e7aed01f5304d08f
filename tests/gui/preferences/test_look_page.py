"""The page on looks: seen on the overlay while it is tried, and advised on."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox

from captioner.gui.overlay.presets import PRESETS
from captioner.gui.preferences.colour_choice import ColourChoice
from captioner.gui.preferences.look_page import LookPage
from tests.gui.preferences.conftest import Office, Play
from tests.support.scripted_session import caption
from tests.support.wait import until


def page_of(office: Office) -> LookPage:
    page = next(page for page in office.dialog.pages if isinstance(page, LookPage))
    office.dialog.open_page(page.key)
    return page


def test_what_is_tried_is_painted_at_once_and_cancel_paints_the_old_look(play: Play) -> None:
    async def story(office: Office) -> None:
        page_of(office)
        office.session.emit(caption(0, "it was the best of times", is_final=True))
        overlay = office.front_end.overlay

        def colours() -> set[str]:
            picture = overlay.view.grab().toImage()
            return {
                picture.pixelColor(x, y).name()
                for x in range(0, picture.width(), 2)
                for y in range(0, picture.height(), 2)
            }

        await until(lambda: "#ffffff" in colours())
        box = office.focus("overlay.text_colour")
        assert isinstance(box, QComboBox)
        QTest.keyClicks(box, "ye")
        assert box.currentText() == "Yellow"
        await until(lambda: "#ffff00" in colours())

        slider = office.focus("overlay.size_percent")
        height = overlay.view._look.line_height
        QTest.keyClick(slider, Qt.Key.Key_End)
        await until(lambda: overlay.view._look.line_height > 1.8 * height)

        office.press(office.dialog.cancel_button)
        await until(lambda: overlay.view._look.line_height == height)
        await until(lambda: "#ffffff" in colours() and "#ffff00" not in colours())

    play(story)


def test_a_preset_sets_all_that_it_stands_for_and_a_change_makes_it_ones_own(play: Play) -> None:
    async def story(office: Office) -> None:
        page = page_of(office)
        page.preset.setFocus()
        for preset in PRESETS[1:]:
            QTest.keyClick(page.preset, Qt.Key.Key_Down)
            assert page.preset.currentData() == preset
            assert preset.applied_to(office.now.overlay) == office.seen.overlay

        change = office.focus("overlay.edge")
        QTest.keyClick(change, Qt.Key.Key_Down)
        assert page.preset.currentText() == "A look of your own"

    play(story)


def test_colours_that_cannot_be_read_everywhere_are_told(play: Play) -> None:
    async def story(office: Office) -> None:
        page = page_of(office)
        assert page.advice.isHidden()
        QTest.keyClick(office.focus("overlay.window_opacity"), Qt.Key.Key_Home)
        assert page.advice.isVisible()
        assert "outline" in page.advice.text()

        page.preset.setFocus()
        QTest.keyClick(page.preset, Qt.Key.Key_Home)
        assert page.advice.isHidden()

    play(story)


def test_any_colour_is_tried_in_a_dialog_that_holds_nothing_up(play: Play) -> None:
    async def story(office: Office) -> None:
        page_of(office)
        box = office.focus("overlay.text_colour")
        choice = box.parent()
        assert isinstance(choice, ColourChoice)
        office.press(choice.other)
        assert choice.dialog is not None
        assert not choice.dialog.isModal()
        choice.dialog.setCurrentColor(QColor("#123456"))
        assert office.seen.overlay.text_colour == "#123456"
        choice.dialog.reject()
        assert office.seen.overlay.text_colour == "#ffffff"
        assert choice.dialog is None

        choice.other.click()
        assert choice.dialog is not None
        choice.dialog.setCurrentColor(QColor("#fedcba"))
        choice.dialog.accept()
        assert office.dialog.draft.value("overlay.text_colour") == "#fedcba"
        assert choice.box.currentText() == "#fedcba"

        choice.other.click()
        office.dialog.cancel()
        assert choice.dialog is None
        assert office.now.overlay.text_colour == "#ffffff"
        assert choice.box.currentText() == "White"

    play(story)


def test_a_font_that_is_gone_stays_chosen_and_is_called_so(play: Play) -> None:
    async def story(office: Office) -> None:
        office.front_end.desk.live.change({"overlay.font_family": "Gone Grotesk"})
        page = page_of(office)
        assert "Gone Grotesk" in page.advice.text()
        assert not office.dialog.draft.is_changed

    play(story)
