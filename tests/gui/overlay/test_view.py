"""Painting: what, how often, and how well it can be read."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from PySide6.QtCore import QCoreApplication, QPoint, QRectF, QTimer
from PySide6.QtGui import QColor, QImage, QPainter, QRegion
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from captioner.gui.overlay.look import (
    BACKGROUND,
    HEALTH_COLOURS,
    MOCK,
    QUIET_TEXT,
    TEXT,
    Look,
)
from captioner.gui.overlay.message import Message, MessageLayout
from captioner.gui.overlay.painted_record import PaintedRecord
from captioner.gui.overlay.view import CaptionView
from captioner.settings.overlay import OverlaySettings
from captioner.transcript.shown_lines import Run, RunKind, ShownLine
from tests.support.scripted_session import caption


@pytest.fixture
def view(qtbot: QtBot) -> CaptionView:
    look = Look.from_settings(OverlaySettings())
    view = CaptionView(look)
    qtbot.addWidget(view)
    view.resize(look.width_of_columns(42), 2 * look.line_height)
    with qtbot.waitExposed(view):
        view.show()
    settle(qtbot, view)
    return view


def settle(qtbot: QtBot, view: CaptionView) -> int:
    """Wait until nothing is left to paint; return how often it has painted by then."""
    quiet_since, paints = time.monotonic(), view.paints

    def is_quiet() -> bool:
        nonlocal quiet_since, paints
        if view.paints != paints:
            quiet_since, paints = time.monotonic(), view.paints
        return time.monotonic() - quiet_since > 0.12

    qtbot.waitUntil(is_quiet)
    return paints


def test_two_lines_of_about_forty_two_letters_are_shown(qtbot: QtBot, view: CaptionView) -> None:
    text = "It was the best of times, it was the worst of times, it was the age of wisdom, it was"

    view.show_caption(caption(0, text))
    settle(qtbot, view)

    assert len(view.shown) == 2
    assert " ".join(line.text for line in view.shown) in text
    assert 34 <= len(view.shown[0].text) <= 50


def test_the_same_words_again_paint_nothing(qtbot: QtBot, view: CaptionView) -> None:
    view.show_caption(caption(0, "it was the best"))
    paints = settle(qtbot, view)

    for _ in range(20):
        view.show_caption(caption(0, "it was the best"))
        view.show_message(None)

    assert settle(qtbot, view) == paints


def test_a_revision_out_of_sight_paints_nothing(qtbot: QtBot, view: CaptionView) -> None:
    words = ["word"] * 60
    view.show_caption(caption(0, " ".join(words)))
    paints = settle(qtbot, view)

    view.show_caption(caption(0, " ".join(["lord", *words[1:]])))

    assert settle(qtbot, view) == paints


def test_fast_changes_are_painted_at_most_thirty_times_a_second(
    qtbot: QtBot, view: CaptionView
) -> None:
    before, begun = view.paints, time.monotonic()
    count = 0

    def grow() -> None:
        nonlocal count
        count += 1
        view.show_caption(caption(count, f"word{count}", is_final=True))

    every_millisecond = QTimer()
    every_millisecond.timeout.connect(grow)
    every_millisecond.start(1)
    qtbot.waitUntil(lambda: time.monotonic() - begun > 0.7)
    every_millisecond.stop()
    painted, took = view.paints - before, time.monotonic() - begun

    assert count > painted
    assert 5 < painted <= took * 30 + 2
    settle(qtbot, view)
    assert view.painted.text.endswith(f"word{count}")


def test_hidden_captions_are_not_painted(qtbot: QtBot, view: CaptionView) -> None:
    view.hide()
    paints = view.paints

    view.show_caption(caption(0, "nobody sees this"))

    assert settle(qtbot, view) == paints
    assert view.painted.text == ""
    view.show()
    qtbot.waitUntil(lambda: view.painted.text == "nobody sees this")


def test_words_are_timed_from_their_coming_to_their_painting(
    qtbot: QtBot, view: CaptionView
) -> None:
    waited: list[float] = []
    view.delay.measured.connect(waited.append)
    begun = time.monotonic()
    view.show_caption(replace(caption(0, "one"), told_at=begun - 0.5))
    view.show_caption(replace(caption(0, "one two"), told_at=begun))
    qtbot.waitUntil(lambda: len(waited) == 1)
    assert 0.5 <= waited[0] <= 0.5 + time.monotonic() - begun, "the oldest that waits counts"
    view.show_caption(replace(caption(0, "one two"), told_at=begun - 9))
    view.show_caption(caption(0, "one two", is_final=True))  # made final by us
    view.hide()
    view.show_caption(replace(caption(1, "three"), told_at=begun))
    with qtbot.waitExposed(view):
        view.show()
    settle(qtbot, view)
    assert len(waited) == 1


def test_the_record_says_what_was_painted_last_on_each_line(
    qtbot: QtBot, view: CaptionView
) -> None:
    with qtbot.waitSignal(view.first_caption_painted):
        view.show_caption(caption(0, "it was the beast of times"))
    view.show_caption(caption(0, "It was the best of times.", is_final=True))
    settle(qtbot, view)
    for number in range(1, 12):
        view.show_caption(caption(number, f"This is sentence number {number}.", is_final=True))
        settle(qtbot, view)

    numbered = " ".join(f"This is sentence number {number}." for number in range(1, 12))
    assert view.painted.text == f"It was the best of times. {numbered}"


def test_the_record_is_bounded() -> None:
    record = PaintedRecord(max_lines=3)
    for number in range(10):
        record.add([ShownLine(number, (Run(str(number), RunKind.FINAL),))])

    assert record.text == "7 8 9"


def test_a_gap_is_marked_only_after_words(qtbot: QtBot, view: CaptionView) -> None:
    view.show_gap()
    assert not view.has_captions
    view.show_caption(caption(0, "before", is_final=True))
    view.show_gap()
    view.show_caption(caption(1, "after", is_final=True))

    assert [line.text for line in view.shown] == ["before [audio lost] after"]


def test_another_width_breaks_anew_and_another_height_shows_more(
    qtbot: QtBot, view: CaptionView
) -> None:
    view.show_caption(caption(0, "one two three four five six seven eight nine ten", is_final=True))
    wide = [line.text for line in view.shown]
    view.resize(view.width() // 3, view.height())
    narrow = [line.text for line in view.shown]
    view.resize(view.width(), view.height() * 4)
    tall = [line.text for line in view.shown]

    assert len(wide) == 2
    assert len(narrow) == 2
    assert len(narrow[0]) < len(wide[0])
    assert " ".join(tall) == "one two three four five six seven eight nine ten"


def test_a_message_stands_in_for_captions(qtbot: QtBot, view: CaptionView) -> None:
    view.show_message(Message("The server cannot be reached.", "Check the network."))
    settle(qtbot, view)
    assert ink_rows(grab(view))

    view.show_message(None)
    settle(qtbot, view)
    assert ink_rows(grab(view)) == []


@pytest.mark.parametrize("words", [2, 8, 16, 24])
def test_a_message_becomes_smaller_until_it_fits(qtbot: QtBot, words: int) -> None:
    area = QRectF(0, 0, 600, 70)
    message = Message("Something " * words, "Do this. " * (words // 2), is_urgent=True)
    picture = QImage(600, 300, QImage.Format.Format_RGB32)
    picture.fill(QColor("black"))

    painter = QPainter(picture)
    MessageLayout(message, Look.from_settings(OverlaySettings()), area).paint(painter)
    painter.end()

    assert 20 < ink_rows(picture)[-1] < 70


def test_partials_are_dimmer_than_finals(qtbot: QtBot, view: CaptionView) -> None:
    view.show_caption(caption(0, "words", is_final=False))
    settle(qtbot, view)
    partial = brightest(grab(view))
    view.show_caption(caption(0, "words", is_final=True))
    settle(qtbot, view)
    final = brightest(grab(view))

    assert final > partial
    assert final == TEXT.lightness()


@pytest.mark.parametrize(
    "colour", [TEXT, QUIET_TEXT, MOCK, *HEALTH_COLOURS.values()], ids=lambda c: c.name()
)
def test_every_colour_can_be_read_even_over_white(colour: QColor) -> None:
    opacity = OverlaySettings().window_opacity
    behind = QColor.fromRgbF(*(1 - opacity + opacity * BACKGROUND.redF() for _ in range(3)))

    assert contrast(colour, behind) >= 4.5


@pytest.mark.parametrize(
    "text", ["שלום עולם", "e\u0301\u0301\u0301", "👩\u200d🚀", "a\u00a0b", "\u202eabc"]
)
def test_any_script_is_painted(qtbot: QtBot, view: CaptionView, text: str) -> None:
    view.show_caption(caption(0, f"{text} " * 30))

    settle(qtbot, view)
    assert view.painted.text


def grab(view: CaptionView) -> QImage:
    QCoreApplication.processEvents()
    picture = QImage(view.size(), QImage.Format.Format_RGB32)
    picture.fill(QColor("black"))
    view.render(picture, QPoint(), QRegion(), QWidget.RenderFlag.DrawChildren)
    return picture


def ink_rows(picture: QImage) -> list[int]:
    return [
        y
        for y in range(picture.height())
        if any(picture.pixelColor(x, y).lightness() > 60 for x in range(picture.width()))
    ]


def brightest(picture: QImage) -> int:
    return max(
        picture.pixelColor(x, y).lightness()
        for y in range(picture.height())
        for x in range(picture.width() // 2)
    )


def contrast(one: QColor, other: QColor) -> float:
    """Contrast ratio as WCAG 2.2 defines it."""

    def luminance(colour: QColor) -> float:
        parts = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in (colour.redF(), colour.greenF(), colour.blueF())
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)
