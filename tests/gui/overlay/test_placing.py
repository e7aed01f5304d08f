"""What the size and the dock in the settings make of the place that the user chose."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from captioner.gui.overlay.arranging import dragged
from captioner.gui.overlay.placement import (
    Measure,
    Monitor,
    chosen_monitor,
    docked_place,
    resized,
    sharing_place,
)
from captioner.gui.overlay.window import Overlay
from captioner.settings.overlay import OverlaySettings, WindowGeometry

LEFT = Monitor("left", QRect(0, 0, 1920, 1080), QRect(0, 30, 1920, 1050))
RIGHT = Monitor("right", QRect(1920, 0, 1280, 1024), QRect(1920, 0, 1280, 1024))
TWO_LINES = Measure(lines=2, line_height=36, around=32, columns=42, width=600)
WHOLE = Qt.Edge(0)
LEAST = QSize(160, 60)
CHOSEN = WindowGeometry(x=100, y=400, width=500, height=104)


def test_another_number_of_lines_gives_the_height_for_them() -> None:
    four = Measure(lines=4, line_height=36, around=32, columns=42, width=600)

    assert four.fitted(QSize(500, 140), TWO_LINES) == QSize(500, 176)


def test_larger_letters_keep_the_lines_there_were_and_the_width() -> None:
    larger = Measure(lines=2, line_height=72, around=50, columns=42, width=1200)

    assert larger.fitted(QSize(500, 32 + 3 * 36), TWO_LINES) == QSize(500, 50 + 3 * 72)


def test_other_columns_give_the_width_for_them() -> None:
    wide = Measure(lines=2, line_height=36, around=32, columns=60, width=850)

    assert wide.fitted(QSize(500, 104), TWO_LINES) == QSize(850, 104)


@pytest.mark.parametrize(("top", "expected"), [(100, 100), (900, 830)])
def test_in_the_lower_half_the_lower_edge_stays(top: int, expected: int) -> None:
    place = resized(QRect(400, top, 500, 100), QSize(600, 170), LEFT.free)

    assert place == QRect(350, expected, 600, 170)


def test_it_docks_within_the_free_area_and_covers_all_of_the_screen() -> None:
    assert docked_place("top", LEFT, height=100) == QRect(0, 30, 1920, 100)
    assert docked_place("bottom", LEFT, height=100) == QRect(0, 980, 1920, 100)
    assert docked_place("full", LEFT, height=100) == LEFT.whole


def test_the_screen_is_the_named_one_else_where_it_floats_else_the_main_one() -> None:
    both = [LEFT, RIGHT]
    floating = QRect(1800, 10, 500, 100)
    assert chosen_monitor("left", floating, both) is LEFT
    assert chosen_monitor("", floating, both) is RIGHT
    assert chosen_monitor("", None, both) is LEFT
    assert chosen_monitor("gone", floating, both) is LEFT


@pytest.mark.parametrize(
    ("top", "height", "expected"),
    [(100, 500, (100, 500)), (200, 800, (475, 525)), (40, 800, (40, 525)), (30, 1050, (555, 525))],
)
def test_it_leaves_another_window_half_of_the_screen(
    top: int, height: int, expected: tuple[int, int]
) -> None:
    place = sharing_place(QRect(100, top, 900, height), LEFT.free)

    assert (place.top(), place.height()) == expected


def test_a_drag_moves_or_pulls_an_edge_and_never_pushes_the_other() -> None:
    place = QRect(100, 100, 300, 100)
    assert dragged(place, QPoint(5, -7), WHOLE, least=LEAST) == QRect(105, 93, 300, 100)
    corner = Qt.Edge.RightEdge | Qt.Edge.BottomEdge
    assert dragged(place, QPoint(10, 20), corner, least=LEAST) == QRect(100, 100, 310, 120)
    assert dragged(place, QPoint(999, 0), Qt.Edge.LeftEdge, least=LEAST) == QRect(
        240, 100, 160, 100
    )
    assert dragged(place, QPoint(0, 999), Qt.Edge.TopEdge, least=LEAST) == QRect(100, 140, 300, 60)
    assert dragged(place, QPoint(-999, 0), Qt.Edge.RightEdge, least=LEAST).size() == QSize(160, 100)


@pytest.fixture
def overlay(qtbot: QtBot) -> Overlay:
    overlay = Overlay(OverlaySettings(geometry=CHOSEN))
    qtbot.addWidget(overlay, before_close_func=lambda widget: widget.hide())
    with qtbot.waitSignal(overlay.appeared):
        overlay.show()
    return overlay


def test_a_preview_changes_the_size_and_a_cancel_gives_it_back(overlay: Overlay) -> None:
    told: list[WindowGeometry] = []
    overlay.left_at.connect(told.append)
    before = overlay.geometry()

    overlay.restyle(OverlaySettings(geometry=CHOSEN, lines=5, size_percent=150))
    assert overlay.height() > 2 * before.height()
    assert overlay.geometry().bottom() == before.bottom()
    overlay.restyle(OverlaySettings(geometry=CHOSEN, dock="full"))
    assert overlay.geometry() == overlay.screen().geometry()
    overlay.restyle(OverlaySettings(geometry=CHOSEN))
    overlay.flush()

    assert overlay.geometry() == before
    assert told == []


def test_a_size_that_was_applied_is_kept_for_the_next_start(overlay: Overlay, qtbot: QtBot) -> None:
    told: list[WindowGeometry] = []
    overlay.left_at.connect(told.append)
    applied = OverlaySettings(geometry=CHOSEN, lines=5)

    overlay.keep_size(applied)
    overlay.restyle(applied.model_copy(update={"geometry": told[-1]}))
    overlay.flush()

    assert len(told) == 1
    again = Overlay(applied.model_copy(update={"geometry": told[0]}))
    qtbot.addWidget(again)
    assert again.geometry() == overlay.geometry()
    assert again.height() > CHOSEN.height


def test_a_place_in_imported_settings_is_taken(overlay: Overlay) -> None:
    elsewhere = WindowGeometry(x=20, y=20, width=400, height=104)

    overlay.restyle(OverlaySettings(geometry=elsewhere))

    assert overlay.geometry() == QRect(20, 20, 400, 104)


def test_docked_it_is_not_moved_by_keys(overlay: Overlay, qtbot: QtBot) -> None:
    overlay.restyle(OverlaySettings(geometry=CHOSEN, dock="full"))
    whole = overlay.geometry()
    overlay.set_arranging(True)
    bar = overlay._arranging._bar
    place = overlay.geometry()
    assert place.top() > whole.top() + bar.height()
    assert "Arrow keys" not in bar.text()

    qtbot.keyClick(bar, Qt.Key.Key_Left)
    assert overlay.geometry() == place
    qtbot.keyClick(bar, Qt.Key.Key_Escape)

    assert overlay.geometry() == whole


def test_captions_as_high_as_the_screen_make_room_for_another_window(
    overlay: Overlay, qtbot: QtBot
) -> None:
    told: list[WindowGeometry] = []
    overlay.left_at.connect(told.append)
    overlay.restyle(OverlaySettings(geometry=CHOSEN, lines=8, size_percent=200))
    whole = overlay.geometry()
    screen = overlay.screen().availableGeometry()
    assert whole.height() > 0.7 * screen.height()
    dialog, other = QWidget(), QWidget(None, Qt.WindowType.WindowStaysOnTopHint)
    for window in (dialog, other):
        qtbot.addWidget(window)

    dialog.show()
    dialog.activateWindow()
    qtbot.waitUntil(lambda: overlay.height() <= screen.height() // 2)
    assert overlay.place_beside_others == overlay.geometry()
    overlay._placing.put(overlay.geometry().translated(-10, -20))
    overlay.flush()
    other.show()  # no window of the program that captions could cover
    other.activateWindow()
    qtbot.waitUntil(lambda: overlay.height() == whole.height())

    assert told[-1].height == whole.height()
    assert told[-1].x == whole.x() - 10


def test_captions_as_high_as_the_screen_do_not_hide_the_help_for_arranging(
    overlay: Overlay,
) -> None:
    overlay.restyle(OverlaySettings(geometry=CHOSEN, lines=8, size_percent=200, font_px=60))
    whole = overlay.geometry()
    overlay.set_arranging(True)

    bar = overlay._arranging._bar
    assert overlay.screen().availableGeometry().contains(bar.geometry())
    assert not bar.geometry().intersects(overlay.geometry())

    overlay.set_arranging(False)
    assert overlay.geometry() == whole
