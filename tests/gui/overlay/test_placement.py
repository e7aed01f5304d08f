"""Where the overlay goes, on screens that are there and screens that are gone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRect, QSize

from captioner.gui.overlay.placement import default_place, onto_screen, restored_place
from captioner.settings.overlay import WindowGeometry

MAIN = QRect(0, 0, 1920, 1040)
RIGHT = QRect(1920, 0, 1280, 1024)
LEAST = QSize(160, 70)
DEFAULT = QSize(632, 104)


def restore(saved: WindowGeometry | None, *screens: QRect) -> QRect:
    return restored_place(saved, default=DEFAULT, least=LEAST, screens=screens)


def test_at_first_it_is_at_the_bottom_in_the_middle() -> None:
    place = restore(None, MAIN, RIGHT)

    assert place.size() == DEFAULT
    assert place.center().x() == pytest.approx(MAIN.center().x(), abs=1)
    assert MAIN.bottom() - place.bottom() == 48


def test_a_small_screen_gets_a_small_overlay() -> None:
    screen = QRect(0, 0, 400, 100)

    assert screen.contains(default_place(DEFAULT, screen))


def test_it_comes_back_where_it_was_left() -> None:
    saved = WindowGeometry(x=2000, y=10, width=700, height=110)

    assert restore(saved, MAIN, RIGHT) == QRect(2000, 10, 700, 110)


def test_it_may_lie_across_two_screens() -> None:
    saved = WindowGeometry(x=1700, y=500, width=600, height=110)

    assert restore(saved, MAIN, RIGHT) == QRect(1700, 500, 600, 110)


def test_from_a_screen_that_is_gone_it_moves_onto_the_main_one() -> None:
    saved = WindowGeometry(x=2000, y=900, width=700, height=110)

    assert restore(saved, MAIN) == QRect(1220, 900, 700, 110)


def test_partly_outside_is_brought_in_on_the_same_screen() -> None:
    saved = WindowGeometry(x=3000, y=1000, width=400, height=100)

    assert restore(saved, MAIN, RIGHT) == QRect(2800, 924, 400, 100)


def test_a_saved_size_is_never_useless() -> None:
    saved = WindowGeometry(x=10, y=10, width=160, height=24)

    assert restore(saved, MAIN).size() == LEAST


coordinates = st.integers(-10_000, 10_000)
sizes = st.integers(160, 5000)


@given(x=coordinates, y=coordinates, width=sizes, height=sizes)
def test_it_is_always_whole_on_the_screens(x: int, y: int, width: int, height: int) -> None:
    place = onto_screen(QRect(x, y, width, height), (MAIN, RIGHT))

    on_screens = [place.intersected(MAIN), place.intersected(RIGHT)]
    shown = sum(part.width() * part.height() for part in on_screens if part.isValid())
    assert shown == place.width() * place.height()
    assert onto_screen(place, (MAIN, RIGHT)) == place
