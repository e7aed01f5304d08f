"""Lines glide in without a jump, captions fade in silence, and neither costs a frame."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtGui import QPixmap
from pytestqt.qtbot import QtBot

from captioner.gui.overlay.line_painter import LinePainter
from captioner.gui.overlay.look import Look
from captioner.gui.overlay.message import Message
from captioner.gui.overlay.motion import Glide, is_motion_wanted
from captioner.gui.overlay.view import CaptionView
from captioner.settings.overlay import OverlaySettings
from captioner.transcript.shown_lines import ShownLine
from tests.support.scripted_session import caption


@pytest.fixture
def view(qtbot: QtBot) -> CaptionView:
    look = Look.from_settings(OverlaySettings())
    view = CaptionView(look)
    qtbot.addWidget(view)
    view.resize(look.width_of_columns(42), 2 * look.line_height)
    with qtbot.waitExposed(view):
        view.show()
    return view


def say(view: CaptionView, number: int) -> None:
    text = f"This is sentence number {number} of them all."
    view.show_caption(caption(number, text, is_final=True))


def test_a_glide_ends_and_never_falls_behind(qtbot: QtBot, view: CaptionView) -> None:
    assert is_motion_wanted()
    glide = Glide(view)
    for _ in range(50):
        glide.add(1, at_most=2)
        assert 1 <= glide.offset <= 2

    with qtbot.waitSignal(glide.moved):
        pass
    qtbot.waitUntil(lambda: glide.offset == 0)


def test_a_new_line_glides_in_and_stops_in_its_place(qtbot: QtBot, view: CaptionView) -> None:
    for number in range(4):
        say(view, number)
    qtbot.waitUntil(lambda: view._glide.offset == 0)
    say(view, 4)
    say(view, 5)

    assert view._glide.offset > 0
    qtbot.waitUntil(lambda: view._glide.offset == 0)


@pytest.mark.parametrize("is_first_line", [True, False])
def test_without_smooth_scroll_or_a_full_view_nothing_glides(
    view: CaptionView, *, is_first_line: bool
) -> None:
    if is_first_line:
        view.show_caption(caption(0, "one word"))
    else:
        view.restyle(replace(view._look, glides=False))
        for number in range(5):
            say(view, number)

    assert view._glide.offset == 0


def test_captions_fade_in_silence_and_come_back_with_the_next_word(
    qtbot: QtBot, view: CaptionView
) -> None:
    view.restyle(replace(view._look, fade_after_s=0.1))
    say(view, 0)
    assert view.opacity == 1
    qtbot.waitUntil(lambda: view.opacity == 0)
    assert view.text() == "This is sentence number 0 of them all."

    view.show_caption(caption(1, "next"))

    assert view.opacity == 1


def test_what_somebody_reads_does_not_fade(qtbot: QtBot, view: CaptionView) -> None:
    view.restyle(replace(view._look, fade_after_s=0.1))
    say(view, 0)
    view.set_held(True)
    qtbot.wait(150)  # longer than the silence that would fade it
    assert not view._fade._silence.isActive()
    assert view.opacity == 1

    view.set_held(False)
    qtbot.waitUntil(lambda: view.opacity == 0)
    view.show_message(Message("Nobody answers."))
    assert view.opacity == 1


def test_hidden_partials_wait_for_their_final(view: CaptionView) -> None:
    view.restyle(replace(view._look, shows_partials=False))
    say(view, 0)
    view.show_caption(caption(1, "still open"))
    view.show_caption(caption(2, "another speaker", channel="Ben"))
    assert view.text() == "This is sentence number 0 of them all."

    view.show_caption(caption(2, "another speaker", is_final=True, channel="Ben"))
    view.show_caption(caption(1, "now said", is_final=True))

    assert "now said" in view.text(everything=True)
    assert "another speaker" in view.text(everything=True)


def test_speakers_are_named_or_not(view: CaptionView) -> None:
    view.show_caption(caption(0, "hello", is_final=True, channel="Anna"))
    assert view.text() == "Anna: hello"

    view.restyle(replace(view._look, shows_labels=False))

    assert view.text() == "hello"


@pytest.mark.parametrize("edge", ["none", "outline", "raised", "shadow"])
def test_of_lines_that_scroll_only_new_ones_are_drawn(
    view: CaptionView, monkeypatch: pytest.MonkeyPatch, edge: str
) -> None:
    """Letters with edges are drawn several times over; a picture of each line is kept."""
    settings = OverlaySettings.model_validate({"size_percent": 200, "lines": 8, "edge": edge})
    look = Look.from_settings(settings)
    view.restyle(look)
    view.resize(look.width_of_columns(42), 8 * look.line_height)
    for number in range(20):
        say(view, number)
    view.repaint()
    drawn: list[int] = []
    draw = LinePainter._picture

    def counted(painter: LinePainter, line: ShownLine, ratio: float) -> QPixmap:
        drawn.append(line.serial)
        return draw(painter, line, ratio)

    monkeypatch.setattr(LinePainter, "_picture", counted)
    before = view.shown[-1].serial
    for number in range(20, 50):
        say(view, number)
        view.repaint()

    assert drawn == list(range(before + 1, view.shown[-1].serial + 1))
