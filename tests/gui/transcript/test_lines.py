"""Long transcripts: the first screen is there at once, the rest by and by, and nothing moves."""

from __future__ import annotations

import time

import pytest
from pytestqt.qtbot import QtBot

from captioner.gui.transcript.view import TranscriptView
from captioner.transcript.record import Entry, EntryKind

_COUNT = 3000


def entry(serial: int, text: str = "") -> Entry:
    return Entry(serial, EntryKind.FINAL, 1.7e9 + serial, text or f"line {serial} of many lines")


@pytest.fixture
def view(qtbot: QtBot) -> TranscriptView:
    made = TranscriptView()
    qtbot.addWidget(made)
    made.resize(400, 300)
    made.show()
    return made


def shown(view: TranscriptView) -> str:
    return view.firstVisibleBlock().text()


def whole(view: TranscriptView, count: int) -> bool:
    texts = view.toPlainText().split("\n")
    return texts == [f"line {n} of many lines" for n in range(count)]


def test_the_newest_are_there_at_once_and_new_ones_follow_meanwhile(
    view: TranscriptView, qtbot: QtBot
) -> None:
    view.fill(map(entry, range(_COUNT)), has_times=False)
    assert view.toPlainText().endswith(f"line {_COUNT - 1} of many lines")
    assert len(view.entries) < _COUNT
    view.show_entry(entry(_COUNT))
    assert view.toPlainText().endswith(f"line {_COUNT} of many lines")
    view.show_entry(entry(5, "line 5 of many lines"))
    assert view.text().count("\n") == _COUNT, "what waits is copied, too"
    qtbot.waitUntil(lambda: len(view.entries) == _COUNT + 1)
    assert whole(view, _COUNT + 1)
    assert view.is_following
    bar = view.verticalScrollBar()
    assert bar.value() == bar.maximum()


def test_a_place_far_down_is_there_at_once_and_stays_where_it_is(
    view: TranscriptView, qtbot: QtBot
) -> None:
    view.search("2000")
    view.fill(map(entry, range(_COUNT)), has_times=False, place=2000)
    assert view.textCursor().block().text() == "line 2000 of many lines"
    seen = shown(view)
    assert len(view.entries) < _COUNT
    qtbot.waitUntil(lambda: len(view.entries) == _COUNT)
    assert whole(view, _COUNT)
    assert shown(view) == seen
    assert view.textCursor().block().text() == "line 2000 of many lines"
    assert [match.line for match in view.finder.matches] == [2000]
    view.fill(map(entry, range(_COUNT)), has_times=False)
    assert shown(view) == seen, "it stays with the line on top"
    view.follow()
    assert view.is_following


def test_no_step_takes_long(view: TranscriptView, qtbot: QtBot) -> None:
    began = time.thread_time()
    view.fill(map(entry, range(_COUNT)), has_times=True)
    times = [time.thread_time() - began]
    while len(view.entries) < _COUNT:
        began = time.thread_time()
        view._write_waiting()
        times.append(time.thread_time() - began)
    assert len(times) > 3
    assert sorted(times)[-2] < 0.05, "keys and captions would wait"


@pytest.mark.parametrize("place", [1500, _COUNT - 1])
def test_a_place_among_long_lines_is_seen_whole(
    view: TranscriptView, qtbot: QtBot, place: int
) -> None:
    long = [entry(n, f"line {n} " + "of many words " * (3 + n % 7)) for n in range(_COUNT)]
    view.fill(long, has_times=True, place=0)
    qtbot.waitUntil(lambda: len(view.entries) == _COUNT)
    view.fill(long, has_times=True, place=place)
    view.resize(320, 300)
    qtbot.waitUntil(lambda: len(view.entries) == _COUNT)
    block = view.textCursor().block()
    where = view.blockBoundingGeometry(block).translated(view.contentOffset())
    assert block.text().startswith(f"line {place} ", 10)
    assert 0 <= where.top() < where.bottom() <= view.viewport().height() + 4
