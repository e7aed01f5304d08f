"""A window finds a place that the captions do not cover, or is told that there is none."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRect, QSize

from captioner.gui.clearance import clear_place

SCREEN = QRect(0, 0, 1280, 800)
LEAST = QSize(300, 200)


@pytest.mark.parametrize(
    "taken",
    [
        QRect(340, 680, 600, 100),  # at the bottom
        QRect(0, 0, 1280, 90),  # over the whole width, at the top
        QRect(0, 0, 500, 800),  # at the left
        QRect(800, 0, 480, 800),  # at the right
        QRect(340, 560, 600, 100),  # as low as it has to become smaller
    ],
)
def test_it_is_on_the_screen_and_not_covered(taken: QRect) -> None:
    place = clear_place(QSize(760, 640), LEAST, taken, SCREEN)
    assert place is not None
    assert SCREEN.contains(place)
    assert not place.intersects(taken)
    assert place.height() >= 540


def test_a_screen_full_of_captions_has_no_place() -> None:
    assert clear_place(QSize(760, 640), LEAST, QRect(0, 100, 1280, 600), SCREEN) is None
