"""Every control of every page, driven by the keyboard alone; what it sets survives a restart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from PySide6.QtCore import QLocale, QPoint, QPointF, Qt, QTranslator
from PySide6.QtGui import QAccessible, QColor, QPalette, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QWidget,
)

from captioner.gui.overlay.contrast import ratio
from captioner.gui.preferences.page import Page
from captioner.gui.preferences.style import style_sheet
from captioner.gui.text.language import speak
from captioner.settings.fields import all_values
from captioner.settings.vocabulary import VocabularySettings
from tests.gui.preferences.conftest import Office, Play
from tests.support.key_ring import Ring
from tests.support.wait import until

SIMPLE = (QCheckBox, QComboBox, QAbstractSpinBox, QAbstractSlider)


def change(control: QWidget) -> None:
    """Press the keys that change ``control``."""
    if isinstance(control, QCheckBox):
        QTest.keyClick(control, Qt.Key.Key_Space)
    elif isinstance(control, QComboBox) and control.isEditable():
        QTest.keyClicks(control, "-x")
    elif isinstance(control, QComboBox):
        is_last = control.currentIndex() == control.count() - 1
        QTest.keyClick(control, Qt.Key.Key_Up if is_last else Qt.Key.Key_Down)
    elif isinstance(control, QAbstractSlider):
        is_most = control.value() == control.maximum()
        QTest.keyClick(control, Qt.Key.Key_PageDown if is_most else Qt.Key.Key_PageUp)
    else:
        QTest.keyClick(control, Qt.Key.Key_Up)


def test_every_control_lands_in_the_settings_file(play: Play, ring: Ring) -> None:
    async def story(office: Office) -> None:
        draft = office.dialog.draft
        draft.set("audio.source", "mic")  # one key further, everything on echo has an effect
        office.front_end.desk.live.change(
            {"overlay.screen": "HDMI-7", "vocabularies": (VocabularySettings(name="Team"),)}
        )
        entered: dict[str, object] = {}
        rows = [row for page in office.dialog.pages for row in page.rows]
        for row in rows:
            if row.field in ("", "vocabularies") or not isinstance(row.control, SIMPLE):
                continue
            before = draft.value(row.field)
            change(office.focus(row.field))
            entered[row.field] = draft.value(row.field)
            assert entered[row.field] != before, row.field
        assert len(entered) > 15
        assert draft.problems == {}

        office.press(office.dialog.ok_button)
        await until(lambda: not office.dialog.isVisible())
        await office.front_end._writer.finish()
        saved = all_values(office.saved())
        assert {field: saved[field] for field in entered} == entered

    play(story)


def test_every_control_has_a_name_and_tab_reaches_it_from_top_to_bottom(play: Play) -> None:
    async def story(office: Office) -> None:
        dialog = office.dialog
        for page in dialog.pages:
            dialog.open_page(page.key)
            assert all(row.control.accessibleName() for row in page.rows)
            reached = tabbed_through(office, page)
            enabled = [row.control for row in page.rows if row.control.isEnabled()]
            assert [each for each in reached if each in enabled] == enabled
            heights = [each.mapTo(page, each.rect().topLeft()).y() for each in reached]
            assert all(a <= b + 40 for a, b in pairwise(heights))

    play(story)


def tabbed_through(office: Office, page: Page) -> list[QWidget]:
    """Return the controls of ``page`` in the order in which Tab reaches them."""
    dialog = office.dialog
    dialog.navigation.pages.setFocus()
    reached: list[QWidget] = []
    for _ in range(200):
        QTest.keyClick(QApplication.focusWidget() or dialog, Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        assert focused is not None
        if focused is dialog.navigation.search:
            return reached
        if page.isAncestorOf(focused):
            reached.append(focused)
    return reached


def test_the_wheel_changes_nothing_by_accident(play: Play) -> None:
    async def story(office: Office) -> None:
        for field in ("overlay.size_percent", "overlay.text_colour", "overlay.lines"):
            control = office.row(field).control
            office.dialog.open_page("look")
            office.dialog.navigation.search.setFocus()
            roll(control)
            assert not office.dialog.draft.is_changed, field
            control.setFocus()
            roll(control)
            assert office.dialog.draft.is_changed, field
            office.dialog.draft.discard()

    play(story)


def roll(control: QWidget) -> None:
    """Turn the wheel by one notch over ``control``."""
    middle = QPointF(control.rect().center())
    event = QWheelEvent(
        middle,
        control.mapToGlobal(middle),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,  # noqa: FBT003  # Qt's own
    )
    QApplication.sendEvent(control, event)


@pytest.fixture(params=["en", "de"])
def language(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[str]:
    locale = QLocale()
    yield speak(qapp, request.param)
    for translator in qapp.findChildren(QTranslator):
        qapp.removeTranslator(translator)
        translator.deleteLater()
    QLocale.setDefault(locale)


def test_no_two_letters_clash_on_a_page(play: Play, language: str) -> None:
    async def story(office: Office) -> None:
        for page in office.dialog.pages:
            texts = [label.text() for label in page.findChildren(QLabel) if label.buddy()]
            texts += [box.text() for box in page.findChildren(QAbstractButton)]
            letters = [text[text.index("&") + 1].lower() for text in texts if "&" in text]
            assert len(letters) == len(set(letters)), (page.title, sorted(letters))

    play(story)


def test_whatever_takes_the_focus_tells_screen_readers_what_it_is(play: Play) -> None:
    async def story(office: Office) -> None:
        for page in office.dialog.pages:
            office.dialog.open_page(page.key)
            focusable = [
                widget
                for widget in office.dialog.findChildren(QWidget)
                if widget.focusPolicy() is not Qt.FocusPolicy.NoFocus
                and widget.isVisible()
                and widget.focusProxy() is None
                and not isinstance(widget.parent(), QAbstractSpinBox | QComboBox)
            ]
            assert len(focusable) > 5
            for widget in focusable:
                told = QAccessible.queryAccessibleInterface(widget)
                assert told.text(QAccessible.Text.Name), (page.key, widget)
                assert told.role() is not QAccessible.Role.NoRole, (page.key, widget)

    play(story)


@pytest.mark.parametrize(("ground", "button"), [("#ffffff", "#efefef"), ("#323232", "#323232")])
def test_small_print_and_problems_can_be_read(ground: str, button: str) -> None:
    palette = QPalette(QColor(button), QColor(ground))
    window = palette.color(QPalette.ColorRole.Window)
    for role in ("help", "problem"):
        found = re.search(rf'role="{role}"\] {{ color: (#\w+)', style_sheet(palette))
        assert found is not None
        assert ratio(rgb(QColor(found[1])), rgb(window)) >= 4.5


def rgb(colour: QColor) -> tuple[float, float, float]:
    return colour.redF(), colour.greenF(), colour.blueF()
