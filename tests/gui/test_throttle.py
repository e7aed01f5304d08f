"""Leading edge at once, trailing edge always, never more often than the interval."""

from __future__ import annotations

import itertools
import time

from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from captioner.gui.throttle import Throttle


def test_the_first_request_acts_at_once(qtbot: QtBot) -> None:
    calls: list[float] = []
    throttle = Throttle(lambda: calls.append(time.monotonic()), 50)

    throttle.request()

    assert len(calls) == 1


def test_a_burst_acts_once_more_when_the_interval_is_over(qtbot: QtBot) -> None:
    calls: list[float] = []
    throttle = Throttle(lambda: calls.append(time.monotonic()), 50)

    for _ in range(100):
        throttle.request()
    qtbot.waitUntil(lambda: len(calls) == 2)
    qtbot.waitUntil(lambda: time.monotonic() - calls[0] > 0.2)

    assert len(calls) == 2
    assert calls[1] - calls[0] >= 0.045


def test_steady_requests_act_at_most_once_an_interval(qtbot: QtBot) -> None:
    calls: list[float] = []
    throttle = Throttle(lambda: calls.append(time.monotonic()), 40)
    every_millisecond = QTimer()
    every_millisecond.timeout.connect(throttle.request)

    every_millisecond.start(1)
    qtbot.waitUntil(lambda: len(calls) >= 8)
    every_millisecond.stop()

    gaps = [after - before for before, after in itertools.pairwise(calls)]
    assert min(gaps) >= 0.035


def test_flush_does_what_is_still_wanted_and_only_that(qtbot: QtBot) -> None:
    calls: list[int] = []
    throttle = Throttle(lambda: calls.append(1), 10_000)

    throttle.request()
    throttle.flush()
    assert calls == [1]
    throttle.request()
    throttle.flush()
    throttle.flush()

    assert calls == [1, 1]
