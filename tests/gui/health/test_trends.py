"""The last ten minutes: what is kept of them, in pictures and in words."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QAccessible, QImage, QPalette
from PySide6.QtWidgets import QWidget

from captioner.core.audio import AudioLevel
from captioner.core.counts import AudioCounts, EngineCounts, ErasureCounts, SessionCounts
from captioner.core.events import CaptionChanged, LevelChanged
from captioner.core.segment import Segment
from captioner.gui.bridge import SessionBridge
from captioner.gui.health.last_minutes import KEPT_S, LastMinutes, Second
from captioner.gui.health.trend_plot import TrendPlot
from captioner.gui.health.trends import MoreTrends, Trends

pytestmark = pytest.mark.usefixtures("qtbot")


class _Told:
    """A session's news at a time that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.counts: SessionCounts | None = None
        self.engine: EngineCounts | None = None
        self.asked = 0
        self.bridge = SessionBridge()
        self.kept = LastMinutes(self.bridge, self._read, lambda: self.engine, now=lambda: self.now)

    def _read(self) -> SessionCounts | None:
        self.asked += 1
        return self.counts

    def hear(self, dbfs: float) -> None:
        self.bridge.level_changed.emit(LevelChanged(AudioLevel(dbfs, dbfs)))

    def say(self, took_ms: float, *, promoted: bool = False) -> None:
        said = Segment(0, "so", promoted, 0, 1, promoted=promoted, processing_ms=took_ms)
        self.bridge.caption_changed.emit(CaptionChanged(said, "so"))

    def say_timed(self, since_speech_s: float, *, is_final: bool) -> None:
        said = Segment(0, "so", is_final, 0, 1, processing_ms=1.0)
        event = CaptionChanged(said, "so", since_speech_s=since_speech_s)
        self.bridge.caption_changed.emit(event)


def test_a_second_keeps_the_worst_of_it() -> None:
    told = _Told()
    told.hear(-50.0)
    told.counts = SessionCounts(AudioCounts(dropped=8000), lag_s=2.5)
    told.now = 1001.2
    for dbfs in (-40.0, -20.0, -30.0):
        told.hear(dbfs)
    for took_ms in (300.0, 700.0, 200.0):
        told.say(took_ms)
    told.say(9000.0, promoted=True)
    for waited_s in (0.01, 0.03, 0.02):
        told.kept.take_paint(waited_s)
    told.now = 1003.9
    told.counts = SessionCounts(AudioCounts(dropped=8000))
    told.hear(-25.0)
    assert told.asked == 3, "the counts are read once a second"
    assert told.kept.seconds()[-4:] == [
        Second(1000, -50.0),
        Second(1001, -20.0, 0.7, 2.5, 0.5, 0.03),
        None,
        Second(1003, -25.0),
    ]


def test_words_are_timed_from_speech_and_those_that_were_taken_back_are_counted() -> None:
    told = _Told()
    told.counts = SessionCounts(erasure=ErasureCounts(3, 4, 0))
    for since_s, is_final in ((0.6, False), (0.4, False), (0.9, True), (0.7, True)):
        told.say_timed(since_s, is_final=is_final)
    told.now = 1001.0
    told.counts = SessionCounts(erasure=ErasureCounts(5, 11, 20))
    told.hear(-20.0)
    told.now = 1002.0
    told.hear(-20.0)
    first, second, third = told.kept.seconds()[-3:]
    assert first is not None
    assert second is not None
    assert third is not None
    assert (first.first_s, first.final_s, first.erased) == (0.6, 0.9, 4)
    assert (second.first_s, second.final_s, second.erased) == (None, None, 7)
    assert third.erased == 0


def test_the_work_of_the_embedded_engine_is_that_of_each_second() -> None:
    told = _Told()
    told.hear(-20.0)
    told.counts = SessionCounts()
    told.engine = EngineCounts(heard=16_000, decode_s=0.3)
    for _ in range(2):  # it has told nothing new in the second of these seconds
        told.now += 1
        told.hear(-20.0)
    told.engine = EngineCounts(heard=48_000, decode_s=0.7)
    told.now += 1
    told.hear(-20.0)
    told.engine = EngineCounts()  # another process
    told.now += 1
    told.hear(-20.0)
    told.engine = EngineCounts(heard=8_000, decode_s=0.1)
    told.now += 1
    told.hear(-20.0)
    work = [each and each.engine for each in told.kept.seconds()[-6:]]
    assert work == [None, 0.3, None, pytest.approx(0.2), None, 0.2]


def test_ten_minutes_are_kept_and_not_more() -> None:
    told = _Told()
    for moment in range(2 * KEPT_S):
        told.now = 1000.0 + moment
        told.hear(-20.0)
    kept = [each for each in told.kept.seconds() if each is not None]
    assert (len(kept), kept[0].at, kept[-1].at) == (KEPT_S, 1600, 2199)
    told.now += KEPT_S - 1
    assert sum(each is not None for each in told.kept.seconds()) == 1
    told.now += 1
    assert told.kept.seconds() == [None] * KEPT_S


def test_it_is_told_in_words() -> None:
    trends = Trends()
    trends.setLocale(QLocale(QLocale.Language.English))
    trends.show_seconds([None, Second(1, -31.0, 0.9, 3.21, 0.25), Second(2, -40.0, 0.4, 0, 1.0)])
    assert trends.lines() == [
        "The last 10 minutes",
        "Level: at most \u221231 dB",
        "Delay of captions: at most 0.9 s",
        "Behind: at most 3.2 s",
        "Lost audio: 1.3 s in all",
    ]
    interface = QAccessible.queryAccessibleInterface(trends.findChildren(TrendPlot)[1])
    assert interface.text(QAccessible.Text.Name) == "Delay of captions"
    assert interface.text(QAccessible.Text.Description) == "at most 0.9 s"


def test_more_of_it_is_told_in_words() -> None:
    trends = MoreTrends()
    trends.setLocale(QLocale(QLocale.Language.English))
    assert trends.lines() == [
        "The last 10 minutes",
        "Speech to first words: No caption",
        "Speech end to final: No caption",
        "Shown after: No caption",
        "Words taken back: No word",
        "Embedded engine: Not in use",
    ]
    trends.show_seconds(
        [
            None,
            Second(1, painted_s=0.0142, first_s=0.62, final_s=1.31, erased=900),
            Second(2, painted_s=0.009, first_s=0.4, erased=300, engine=0.251),
        ]
    )
    assert trends.lines() == [
        "The last 10 minutes",
        "Speech to first words: at most 0.6 s",
        "Speech end to final: at most 1.3 s",
        "Shown after: at most 15 ms",
        "Words taken back: 1,200 in all",
        "Embedded engine: at most 26 %",
    ]
    painted, erased, _ = trends.findChildren(TrendPlot)[2:]
    found = shape(painted)
    unknown, most, less = (found[len(found) * place // 6] for place in (1, 3, 5))
    assert unknown == 0
    assert 0 < less < most < painted.height() / 2, "so short a time is not blown up"
    assert max(shape(erased)) > erased.height() / 2


def shape(plot: QWidget) -> list[int]:
    """Return how many pixels of each column are filled, from left to right."""
    image: QImage = plot.grab().toImage()
    filled = plot.palette().color(QPalette.ColorRole.Highlight).rgb()
    return [
        sum(image.pixel(x, y) == filled for y in range(image.height()))
        for x in range(3, image.width() - 3)
    ]


@pytest.mark.parametrize("from_right", [False, True])
def test_the_picture_shows_what_was(*, from_right: bool) -> None:
    plot = TrendPlot(1.0)
    if from_right:
        plot.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    plot.resize(106, 40)
    plot.show_values([None, 0.0, 0.5, 2.0])
    found = shape(plot)[::-1] if from_right else shape(plot)
    unknown, nothing, some, most = (found[len(found) * place // 8] for place in (1, 3, 5, 7))
    assert unknown == 0
    assert nothing == 1, "nothing is a line"
    assert 3 * some < most < 5 * some
    plot.show_values([1e-9])
    assert max(shape(plot)) <= 2, "the scale does not blow up what is next to nothing"
