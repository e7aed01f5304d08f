"""Live or held: nothing moves under the eyes of somebody who reads back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from captioner.gui.overlay.live_button import LiveButton
from captioner.gui.overlay.view import KEPT_LINES
from captioner.gui.overlay.window import Overlay
from captioner.settings.overlay import OverlaySettings
from tests.support.scripted_session import LISTENING, caption

SENTENCE = "This is sentence number {} of them all."


@pytest.fixture
def overlay(qtbot: QtBot) -> Overlay:
    overlay = Overlay(OverlaySettings(lines=3))
    qtbot.addWidget(overlay, before_close_func=lambda widget: widget.hide())
    with qtbot.waitSignal(overlay.appeared):
        overlay.show()
    overlay.show_health(LISTENING)
    return overlay


def say(overlay: Overlay, first: int, end: int) -> None:
    for number in range(first, end):
        overlay.show_caption(caption(number, SENTENCE.format(number), is_final=True))


def texts(overlay: Overlay) -> list[str]:
    return [line.text for line in overlay.view.shown]


def turn_wheel(overlay: Overlay, notches: int) -> None:
    place = QPointF(overlay.rect().center())
    event = QWheelEvent(
        place,
        overlay.mapToGlobal(place),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,  # noqa: FBT003  # as in Qt
    )
    QApplication.sendEvent(overlay, event)


def live_button(overlay: Overlay) -> LiveButton:
    return overlay.findChild(LiveButton)


def test_the_wheel_holds_and_new_words_are_counted(overlay: Overlay, qtbot: QtBot) -> None:
    say(overlay, 0, 20)
    live = texts(overlay)
    turn_wheel(overlay, 2)
    held = texts(overlay)
    assert overlay.is_held
    assert held != live

    say(overlay, 20, 30)
    overlay.restyle(OverlaySettings(lines=3, text_colour="#ffff00"))

    assert texts(overlay) == held
    assert overlay.view.new_lines >= 9
    assert live_button(overlay).isVisible()
    assert str(overlay.view.new_lines) in live_button(overlay).accessibleName()

    qtbot.mouseClick(live_button(overlay), Qt.MouseButton.LeftButton)

    assert not overlay.is_held
    assert not live_button(overlay).isVisible()
    assert texts(overlay)[-1].endswith("all.")
    assert "29" in " ".join(texts(overlay))


def test_a_wheel_turned_down_while_live_changes_nothing(overlay: Overlay) -> None:
    say(overlay, 0, 20)
    turn_wheel(overlay, -3)

    assert not overlay.is_held


def test_paused_the_active_line_stands_still(overlay: Overlay) -> None:
    overlay.show_caption(caption(0, "it was the"))
    overlay.set_held(True)

    overlay.show_caption(caption(0, "it was the best of times", is_final=True))

    assert texts(overlay) == ["it was the"]
    overlay.set_held(False)
    assert texts(overlay) == ["it was the best of times"]


def test_two_thousand_lines_can_be_scrolled_back_to_the_first(overlay: Overlay) -> None:
    say(overlay, 0, 2000)
    overlay.view.scroll_to_start()

    assert len(overlay.view.text(everything=True)) > 2000 * len(SENTENCE)
    assert "number 0" in texts(overlay)[0]
    assert KEPT_LINES >= 2000


def test_another_width_keeps_the_words_that_are_read(overlay: Overlay) -> None:
    say(overlay, 0, 60)
    overlay.view.scroll_lines(-40)
    word = "number " + texts(overlay)[0].split("number ")[-1].split()[0]

    overlay.resize(overlay.width() * 2 // 3, overlay.height())

    assert overlay.is_held
    assert word in " ".join(texts(overlay))


def test_a_width_that_changes_does_not_paint_words_twice(overlay: Overlay, qtbot: QtBot) -> None:
    for number in range(8):
        say(overlay, number, number + 1)
        overlay.view.repaint()
    overlay.resize(overlay.width() * 2 // 3, overlay.height())
    overlay.view.repaint()

    said = " ".join(SENTENCE.format(number) for number in range(8))
    assert overlay.view.painted.text == said


def test_keys_of_arrange_mode_read_back_and_copy(overlay: Overlay, qtbot: QtBot) -> None:
    say(overlay, 0, 40)
    overlay.set_arranging(True)
    bar = overlay._arranging._bar
    qtbot.keyClick(bar, Qt.Key.Key_Home)
    assert "number 0" in texts(overlay)[0]
    qtbot.keyClick(bar, Qt.Key.Key_PageDown)
    qtbot.keyClick(bar, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == " ".join(texts(overlay))
    qtbot.keyClick(bar, Qt.Key.Key_End)
    assert not overlay.is_held
    everything = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(bar, Qt.Key.Key_C, everything)
    said = " ".join(SENTENCE.format(number) for number in range(40))
    assert QGuiApplication.clipboard().text() == said


def test_another_width_is_there_at_once_and_the_rest_by_and_by(
    overlay: Overlay, qtbot: QtBot
) -> None:
    say(overlay, 0, 400)
    everything = overlay.view.text(everything=True)
    lines = overlay.view._lines

    overlay.resize(overlay.width() * 2 // 3, overlay.height())
    assert lines.has_older
    assert len(lines.serials) < 200
    qtbot.waitUntil(lambda: not lines.has_older)
    assert overlay.view.text(everything=True) == everything

    overlay.resize(overlay.width() * 3 // 2, overlay.height())
    assert lines.has_older
    overlay.view.scroll_to_start()
    assert "number 0" in texts(overlay)[0]


def test_in_a_narrow_overlay_the_way_back_to_live_is_readable(overlay: Overlay) -> None:
    say(overlay, 0, 9)
    overlay.set_held(True)
    say(overlay, 9, 20)
    button = live_button(overlay)
    whole = button.text()
    overlay.resize(overlay.minimumWidth(), overlay.height())

    assert button.sizeHint().width() <= button.width()
    assert button.text() == "Live"
    assert button.accessibleName() == whole

    overlay.resize(600, overlay.height())
    assert button.text() == whole
