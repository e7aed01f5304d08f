"""Another look on the running overlay: seen at once, and nothing is lost or moved."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from captioner.gui.overlay.window import Overlay
from captioner.settings.overlay import OverlaySettings
from tests.support.scripted_session import caption


@pytest.fixture
def overlay(qtbot: QtBot) -> Overlay:
    overlay = Overlay(OverlaySettings())
    qtbot.addWidget(overlay, before_close_func=lambda widget: widget.hide())
    with qtbot.waitSignal(overlay.appeared):
        overlay.show()
    return overlay


def test_a_larger_size_keeps_the_words_and_the_lower_edge(overlay: Overlay) -> None:
    overlay.show_caption(caption(0, "one two three four five six seven eight nine", is_final=True))
    place = overlay.geometry()

    overlay.restyle(OverlaySettings(size_percent=120))

    larger = overlay.geometry()
    assert larger.bottom() == place.bottom()
    assert larger.height() > place.height()
    assert abs(larger.center().x() - place.center().x()) <= 1
    assert " ".join(line.text for line in overlay.view.shown).endswith("eight nine")


def test_a_colour_is_painted_at_once(overlay: Overlay, qtbot: QtBot) -> None:
    overlay.restyle(OverlaySettings(window_colour="#203040", window_opacity=1.0))

    qtbot.waitUntil(
        lambda: overlay.grab().toImage().pixelColor(overlay.width() // 2, 2).name() == "#203040"
    )
