"""The overlay's parts: what stands where, and that nothing moves."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QContextMenuEvent, QEnterEvent
from PySide6.QtWidgets import QApplication, QPushButton, QSystemTrayIcon, QWidget
from pytestqt.qtbot import QtBot

from captioner.core.events import EngineChanged, SourceChanged
from captioner.core.health import Health, HealthState
from captioner.gui.overlay.arrange_bar import ArrangeBar
from captioner.gui.overlay.window import Overlay
from captioner.settings.overlay import OverlaySettings, WindowGeometry
from tests.support.scripted_session import LISTENING, caption

MOCK_BADGE = "MOCK ENGINE: the words are scripted"
FAILED = Health(HealthState.FAILED, "The server refused the key.", "Check the API key.")
NO_AUDIO = Health(HealthState.NO_AUDIO, "Nothing is playing on Speakers.", "Play something.")


@pytest.fixture
def overlay(qtbot: QtBot) -> Overlay:
    overlay = Overlay(OverlaySettings())
    qtbot.addWidget(overlay, before_close_func=lambda widget: widget.hide())
    with qtbot.waitSignal(overlay.appeared):
        overlay.show()
    return overlay


def places(overlay: Overlay) -> list[QRect]:
    parts: list[QWidget] = [overlay, overlay.dot, overlay.status, overlay.view]
    return [part.geometry() for part in parts]


def open_bar() -> ArrangeBar:
    bars = [w for w in QApplication.topLevelWidgets() if isinstance(w, ArrangeBar)]
    return next(bar for bar in bars if bar.isVisible())


def test_it_is_a_window_that_stays_on_top_and_takes_no_focus(overlay: Overlay) -> None:
    flags = overlay.windowFlags()

    assert flags & Qt.WindowType.FramelessWindowHint
    assert flags & Qt.WindowType.WindowStaysOnTopHint
    assert flags & Qt.WindowType.WindowDoesNotAcceptFocus
    assert overlay.testAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    assert overlay.testAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)


def test_until_there_are_captions_it_says_how_things_are(overlay: Overlay) -> None:
    overlay.show_health(LISTENING)
    assert overlay.view.message is not None
    assert overlay.view.message.sentence == "Listening to Speakers."
    assert not overlay.view.message.is_urgent
    assert overlay.status.text == "Listening"

    overlay.show_caption(caption(0, "it was"))

    assert overlay.view.message is None
    assert overlay.status.text == ""


def test_words_held_back_do_not_count_as_captions(overlay: Overlay) -> None:
    overlay.show_health(LISTENING)
    overlay.show_caption(caption(0, ""))

    assert overlay.view.message is not None


def test_a_failure_is_said_with_its_hint_even_over_captions(overlay: Overlay) -> None:
    overlay.show_caption(caption(0, "it was"))
    overlay.show_health(FAILED)

    assert overlay.view.message is not None
    assert (overlay.view.message.sentence, overlay.view.message.hint) == (
        "The server refused the key.",
        "Check the API key.",
    )
    assert overlay.view.message.is_urgent
    overlay.show_health(LISTENING)
    assert overlay.view.message is None


def test_smaller_troubles_leave_the_captions_and_say_why_above_them(overlay: Overlay) -> None:
    overlay.show_caption(caption(0, "it was"))
    overlay.show_health(NO_AUDIO)

    assert overlay.view.message is None
    assert overlay.status.text == "Nothing is playing on Speakers. Play something."
    overlay.show_health(LISTENING)
    assert overlay.status.text == ""


def test_dot_and_status_explain_themselves_in_a_tooltip(overlay: Overlay) -> None:
    overlay.show_health(NO_AUDIO)

    assert overlay.dot.state is HealthState.NO_AUDIO
    assert overlay.dot.toolTip() == "Nothing is playing on Speakers.\nPlay something."
    assert overlay.status.toolTip() == overlay.dot.toolTip()
    assert overlay.dot.testAttribute(Qt.WidgetAttribute.WA_AlwaysShowToolTips)


def test_everything_has_a_name_for_those_who_do_not_see_it(overlay: Overlay) -> None:
    overlay.show_health(NO_AUDIO)

    names = [part.accessibleName() for part in (overlay, overlay.dot, overlay.status, overlay.view)]
    assert names == ["Live captions", "Health: No sound", "Status", "Captions"]
    assert overlay.dot.accessibleDescription().startswith("Nothing is playing")


def test_the_source_is_named_for_a_moment(
    overlay: Overlay, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    overlay.reports._brief_timer.setInterval(50)
    overlay.show_caption(caption(0, "it was"))
    overlay.show_health(LISTENING)

    overlay.reports.take_source(SourceChanged("system", "Speakers"))

    assert overlay.status.text == "System audio: Speakers"
    qtbot.waitUntil(lambda: overlay.status.text == "")


def test_a_warning_is_shown_whole_and_outlasts_what_is_said_for_a_moment(
    overlay: Overlay, qtbot: QtBot
) -> None:
    overlay.show_health(LISTENING)
    overlay.warn("The settings file could not be understood.")
    overlay.reports.take_source(SourceChanged("system", "Speakers"))

    assert overlay.view.message is not None
    assert overlay.view.message.sentence == "The settings file could not be understood."
    overlay.show_health(FAILED)
    assert overlay.view.message.sentence == FAILED.sentence
    overlay.show_health(LISTENING)
    overlay.show_caption(caption(0, "it was"))
    overlay.reports.say_briefly("")
    assert overlay.status.text == "The settings file could not be understood."
    assert overlay.status.text in overlay.status.toolTip()
    overlay.reports._warning_timer.start(0)
    qtbot.waitUntil(lambda: overlay.status.text == "")


@pytest.mark.parametrize(
    ("has_tray", "way_out"), [(True, "tray menu"), (False, "captioner click-through")]
)
def test_clicks_that_go_through_leave_a_way_back_that_is_there(
    overlay: Overlay, monkeypatch: pytest.MonkeyPatch, *, has_tray: bool, way_out: str
) -> None:
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: has_tray)

    overlay.restyle(OverlaySettings(click_through=True))

    assert way_out in overlay.status.text


def test_a_mock_engine_is_named_as_long_as_it_is_there(overlay: Overlay) -> None:
    overlay.reports.take_engine(EngineChanged("Embedded engine", is_mock=True))
    overlay.show_caption(caption(0, "it was"))
    overlay.show_health(LISTENING)
    assert overlay.status.text == MOCK_BADGE
    overlay.reports.take_source(SourceChanged("file", "a.wav"))
    assert overlay.status.text == f"{MOCK_BADGE} · File: a.wav"

    overlay.reports.take_engine(EngineChanged("localhost:50051"))

    assert MOCK_BADGE not in overlay.status.text


def test_nothing_moves_whatever_is_shown(overlay: Overlay) -> None:
    before = places(overlay)

    overlay.show_health(FAILED)
    overlay.reports.take_engine(EngineChanged("x", is_mock=True))
    overlay.show_notice("A very long notice. " * 30)
    for number in range(30):
        overlay.show_caption(caption(number, "many words " * number, is_final=True))
        assert places(overlay) == before


def test_the_same_health_again_paints_nothing(overlay: Overlay, qtbot: QtBot) -> None:
    overlay.show_health(LISTENING)
    overlay.show_caption(caption(0, "it was"))
    qtbot.waitUntil(lambda: overlay.view.painted.text == "it was")
    QApplication.processEvents()
    paints = (overlay.dot.paints, overlay.status.paints, overlay.view.paints)

    for _ in range(10):
        overlay.show_health(Health(LISTENING.state, LISTENING.sentence))
    qtbot.wait(80)  # two frames: time in which it would paint

    assert (overlay.dot.paints, overlay.status.paints, overlay.view.paints) == paints


def test_its_place_is_told_when_it_changes_and_not_more_often(
    overlay: Overlay, qtbot: QtBot
) -> None:
    told: list[WindowGeometry] = []
    overlay.left_at.connect(told.append)

    for step in range(50):
        overlay.move(100 + step, 100)
    overlay.flush()

    assert told[-1].x == 149
    assert len(told) <= 3
    overlay.flush()
    overlay.move(149, 100)
    assert told[-1].x == 149
    assert len(told) <= 3


def test_appearing_is_no_move(qtbot: QtBot) -> None:
    overlay = Overlay(OverlaySettings())
    qtbot.addWidget(overlay, before_close_func=lambda widget: widget.hide())
    told: list[WindowGeometry] = []
    overlay.left_at.connect(told.append)
    with qtbot.waitSignal(overlay.appeared):
        overlay.show()
    overlay.flush()

    assert told == []


def test_it_asks_before_it_closes(overlay: Overlay, qtbot: QtBot) -> None:
    with qtbot.waitSignal(overlay.close_wanted):
        overlay.close()

    assert overlay.isVisible()


def test_a_right_click_wants_the_menu(overlay: Overlay, qtbot: QtBot) -> None:
    event = QContextMenuEvent(
        QContextMenuEvent.Reason.Mouse, QPoint(10, 10), overlay.mapToGlobal(QPoint(10, 10))
    )
    with qtbot.waitSignal(overlay.menu_wanted) as wanted:
        QApplication.sendEvent(overlay, event)

    assert wanted.args == [overlay.mapToGlobal(QPoint(10, 10))]


def test_a_mouse_over_it_is_offered_buttons_and_no_caption_moves(
    overlay: Overlay, qtbot: QtBot
) -> None:
    overlay.show_caption(caption(0, "it was", is_final=True))
    overlay.show_notice("A very long notice. " * 30)
    view, hover = overlay.view.geometry(), overlay._top.hover
    assert not hover.isVisible()

    point = QPointF(20, 20)
    QApplication.sendEvent(overlay, QEnterEvent(point, point, overlay.mapToGlobal(point)))
    pause, menu = hover.findChildren(QPushButton)
    assert hover.isVisible()
    assert overlay.view.geometry() == view
    assert not hover.geometry().intersects(view)
    assert not hover.geometry().intersects(overlay.status.geometry())
    with qtbot.waitSignal(overlay.menu_wanted):
        qtbot.mouseClick(menu, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(pause, Qt.MouseButton.LeftButton)
    assert overlay.is_held
    assert not pause.isVisible()
    assert not hover.geometry().intersects(overlay._top.live.geometry())

    QApplication.sendEvent(overlay, QEvent(QEvent.Type.Leave))
    assert not hover.isVisible()


def test_from_right_to_left_the_row_is_mirrored(overlay: Overlay) -> None:
    overlay.set_held(True)
    row = [overlay.dot, overlay.status, overlay._top.live]
    before = [part.geometry() for part in row]

    overlay.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    overlay.resize(overlay.width() + 2, overlay.height())
    overlay.resize(overlay.width() - 2, overlay.height())

    for part, place in zip(row, before, strict=True):
        assert part.x() == overlay.width() - place.x() - place.width()
        assert part.size() == place.size()


def test_a_system_that_leaves_no_window_out_of_captures_is_told_of_once(
    overlay: Overlay,
) -> None:
    overlay.restyle(OverlaySettings(hide_from_capture=True))
    assert "captures" in overlay.status.text

    overlay.show_notice("something else")
    overlay.restyle(OverlaySettings(hide_from_capture=True, lines=3))
    overlay.restyle(OverlaySettings())
    assert overlay.status.text == "something else"


def test_hidden_it_cannot_be_arranged(overlay: Overlay) -> None:
    overlay.set_arranging(True)
    assert overlay.is_arranging
    overlay.hide()
    assert not overlay.is_arranging

    overlay.set_arranging(True)

    assert not overlay.is_arranging


def test_keys_pressed_before_the_window_manager_followed_all_count(
    overlay: Overlay, qtbot: QtBot
) -> None:
    overlay.set_arranging(True)
    bar = open_bar()
    begin = overlay.geometry()
    qtbot.keyClick(bar, Qt.Key.Key_Left)
    qtbot.keyClick(bar, Qt.Key.Key_Up)
    overlay.windowHandle().setGeometry(begin.translated(-20, 0))  # told late: the first step
    qtbot.waitUntil(lambda: overlay.geometry() == begin.translated(-20, 0))

    qtbot.keyClick(bar, Qt.Key.Key_Left)

    assert overlay.geometry() == begin.translated(-40, -20)


def test_keys_start_from_where_somebody_else_moved_it(overlay: Overlay, qtbot: QtBot) -> None:
    overlay.set_arranging(True)
    bar = open_bar()
    qtbot.keyClick(bar, Qt.Key.Key_Left)
    elsewhere = overlay.geometry().translated(30, -90)
    overlay.windowHandle().setGeometry(elsewhere)
    qtbot.waitUntil(lambda: overlay.geometry() == elsewhere)

    qtbot.keyClick(bar, Qt.Key.Key_Up)

    assert overlay.geometry() == elsewhere.translated(0, -20)


@pytest.mark.parametrize("lines", [1, 2, 5])
def test_the_number_of_lines_decides_the_height(qtbot: QtBot, lines: int) -> None:
    overlay = Overlay(OverlaySettings(lines=lines))
    qtbot.addWidget(overlay, before_close_func=lambda widget: widget.hide())
    with qtbot.waitSignal(overlay.appeared):
        overlay.show()
    overlay.show_caption(caption(0, "word " * 200))

    assert len(overlay.view.shown) == lines
