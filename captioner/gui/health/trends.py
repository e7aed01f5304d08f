"""The last ten minutes in four small pictures, each with its words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from captioner.gui.health.last_minutes import Second
from captioner.gui.health.trend_plot import TrendPlot

_FLOOR_DB: Final = -60.0
_NOTABLE_S: Final = 0.05


class Trends(QWidget):
    """Level, delay, how far behind, and lost audio."""

    def __init__(self) -> None:
        """Begin without any news."""
        super().__init__()
        self._title = QLabel(self.tr("The last 10 minutes"))
        self._level = _Trend(self.tr("Level"), -_FLOOR_DB)
        self._delay = _Trend(self.tr("Delay of captions"), 1.0)
        self._behind = _Trend(self.tr("Behind"), 1.0)
        self._lost = _Trend(self.tr("Lost audio"), 1.0)
        self._all = (self._level, self._delay, self._behind, self._lost)
        heading = self._title.font()
        heading.setBold(True)
        self._title.setFont(heading)
        grid = QGridLayout()
        grid.setHorizontalSpacing(self.fontMetrics().height())
        grid.setColumnStretch(1, 1)
        for trend in self._all:
            trend.add_to(grid)
        times = QHBoxLayout()
        times.addWidget(QLabel(self.tr("10 minutes ago")))
        times.addStretch(1)
        times.addWidget(QLabel(self.tr("now")))
        grid.addLayout(times, grid.rowCount(), 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._title)
        column.addLayout(grid)
        self.show_seconds(())

    def lines(self) -> list[str]:
        """Return what is shown in words, a line each."""
        return [self._title.text(), *(trend.text for trend in self._all)]

    def show_seconds(self, seconds: Sequence[Second | None]) -> None:
        """Show what was, the oldest second first."""
        level = [None if each is None else each.level_dbfs - _FLOOR_DB for each in seconds]
        self._level.show_values(level, self._loudest(level))
        delay = [None if each is None else each.delay_s for each in seconds]
        known = [each for each in delay if each is not None]
        most = self.tr("at most {most} s")
        said = most.format(most=self._number(max(known))) if known else self.tr("No caption")
        self._delay.show_values(delay, said)
        behind = [None if each is None else each.behind_s for each in seconds]
        known = [each for each in behind if each is not None and each >= _NOTABLE_S]
        said = most.format(most=self._number(max(known))) if known else self.tr("Not at all")
        self._behind.show_values(behind, said)
        lost = [None if each is None else each.lost_s for each in seconds]
        all_s = math.fsum(each or 0.0 for each in lost)
        said = self.tr("{seconds} s in all").format(seconds=self._number(all_s))
        self._lost.show_values(lost, said if all_s >= _NOTABLE_S else self.tr("None"))

    def _loudest(self, level: Sequence[float | None]) -> str:
        loudest = max((each for each in level if each is not None), default=0.0) + _FLOOR_DB
        if loudest <= _FLOOR_DB:
            return self.tr("Silent")
        figure = f"\u2212{-round(loudest)}" if round(loudest) else "0"
        return self.tr("at most {level} dB").format(level=figure)

    def _number(self, value: float) -> str:
        return self.locale().toString(value, "f", 1)


class _Trend:
    """A row: the name of a figure with its words below, and the picture beside them."""

    def __init__(self, title: str, least_top: float) -> None:
        self._title = title
        self._plot = TrendPlot(least_top)
        self._plot.setAccessibleName(title)
        self._words = QLabel()

    @property
    def text(self) -> str:
        return f"{self._title}: {self._words.text()}"

    def add_to(self, grid: QGridLayout) -> None:
        row = grid.rowCount()
        said = QVBoxLayout()
        said.setSpacing(0)
        said.addWidget(QLabel(self._title))
        said.addWidget(self._words)
        grid.addLayout(said, row, 0)
        grid.addWidget(self._plot, row, 1)

    def show_values(self, values: Sequence[float | None], said: str) -> None:
        self._plot.show_values(values)
        if said != self._words.text():
            self._words.setText(said)
            self._plot.setAccessibleDescription(said)
