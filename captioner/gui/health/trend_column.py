"""Figures of the last ten minutes below each other: each has its name, its words and a picture."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from captioner.gui.health.labels import heading
from captioner.gui.health.trend_plot import TrendPlot


class TrendColumn(QWidget):
    """Pictures on the same scale of time. Its kinds add them, and the scale below them."""

    def __init__(self) -> None:
        """Begin without pictures."""
        super().__init__()
        self._title = heading(self.tr("The last 10 minutes"))
        self._trends: list[Trend] = []
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(self.fontMetrics().height())
        self._grid.setColumnStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._title)
        column.addLayout(self._grid)

    def lines(self) -> list[str]:
        """Return what is shown in words, a line each."""
        return [self._title.text(), *(trend.text for trend in self._trends)]

    @property
    def titles_width(self) -> int:
        """What the names need."""
        return max(trend.title_width for trend in self._trends)

    def widen_titles(self, width: int) -> None:
        """Let the pictures begin after ``width`` pixels for the names, or more."""
        self._grid.setColumnMinimumWidth(0, width)

    def _add(self, title: str, least_top: float) -> Trend:
        trend = Trend(title, least_top)
        trend.add_to(self._grid)
        self._trends.append(trend)
        return trend

    def _add_times(self) -> None:
        times = QHBoxLayout()
        times.addWidget(QLabel(self.tr("10 minutes ago")))
        times.addStretch(1)
        times.addWidget(QLabel(self.tr("now")))
        self._grid.addLayout(times, self._grid.rowCount(), 1)

    def _show_seconds(
        self, trend: Trend, took_s: Sequence[float | None], none: str, *, least_s: float = 0.0
    ) -> None:
        """Show durations of at least ``least_s``; ``none`` is said where there are none."""
        known = [each for each in took_s if each is not None and each >= least_s]
        most = self.tr("at most {most} s")
        trend.show_values(took_s, most.format(most=self._number(max(known))) if known else none)

    def _number(self, value: float) -> str:
        return self.locale().toString(value, "f", 1)


class Trend:
    """A row: the name of a figure with its words below, and the picture beside them."""

    def __init__(self, title: str, least_top: float) -> None:
        """Begin empty; the scale of the picture goes to ``least_top`` at least."""
        self._plot = TrendPlot(least_top)
        self._plot.setAccessibleName(title)
        self._title = QLabel(title)
        self._words = QLabel()

    @property
    def text(self) -> str:
        """What it says."""
        return f"{self._title.text()}: {self._words.text()}"

    @property
    def title_width(self) -> int:
        """What the name needs."""
        return self._title.sizeHint().width()

    def add_to(self, grid: QGridLayout) -> None:
        """Be the next row of ``grid``."""
        row = grid.rowCount()
        said = QVBoxLayout()
        said.setSpacing(0)
        said.addWidget(self._title)
        said.addWidget(self._words)
        grid.addLayout(said, row, 0)
        grid.addWidget(self._plot, row, 1)

    def show_values(self, values: Sequence[float | None], said: str) -> None:
        """Show ``values``, the oldest first, and what is ``said`` of them."""
        self._plot.show_values(values)
        if said != self._words.text():
            self._words.setText(said)
            self._plot.setAccessibleDescription(said)
