"""The last ten minutes in small pictures: those for everybody, and those for whoever wants more."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from captioner.gui.health.last_minutes import Second
from captioner.gui.health.trend_column import TrendColumn

_FLOOR_DB: Final = -60.0
_NOTABLE_S: Final = 0.05
_PAINTED_TOP_MS: Final = 100.0
_WORDS_TOP: Final = 5.0


class Trends(TrendColumn):
    """Level, delay, how far behind, and lost audio."""

    def __init__(self) -> None:
        """Begin without any news."""
        super().__init__()
        self._level = self._add(self.tr("Level"), -_FLOOR_DB)
        self._delay = self._add(self.tr("Delay of captions"), 1.0)
        self._behind = self._add(self.tr("Behind"), 1.0)
        self._lost = self._add(self.tr("Lost audio"), 1.0)
        self._add_times()
        self.show_seconds(())

    def show_seconds(self, seconds: Sequence[Second | None]) -> None:
        """Show what was, the oldest second first."""
        level = _of(seconds, lambda each: each.level_dbfs - _FLOOR_DB)
        self._level.show_values(level, self._loudest(level))
        delay = _of(seconds, lambda each: each.delay_s)
        self._show_seconds(self._delay, delay, self.tr("No caption"))
        behind = _of(seconds, lambda each: each.behind_s)
        self._show_seconds(self._behind, behind, self.tr("Not at all"), least_s=_NOTABLE_S)
        lost = _of(seconds, lambda each: each.lost_s)
        all_s = math.fsum(each or 0.0 for each in lost)
        said = self.tr("{seconds} s in all").format(seconds=self._number(all_s))
        self._lost.show_values(lost, said if all_s >= _NOTABLE_S else self.tr("None"))

    def _loudest(self, level: Sequence[float | None]) -> str:
        loudest = max((each for each in level if each is not None), default=0.0) + _FLOOR_DB
        if loudest <= _FLOOR_DB:
            return self.tr("Silent")
        figure = f"\u2212{-round(loudest)}" if round(loudest) else "0"
        return self.tr("at most {level} dB").format(level=figure)


class MoreTrends(TrendColumn):
    """How long words take from speech and to the screen, how many are taken back, and the work."""

    def __init__(self) -> None:
        """Begin without any news."""
        super().__init__()
        self._first = self._add(self.tr("Speech to first words"), 1.0)
        self._final = self._add(self.tr("Speech end to final"), 1.0)
        self._painted = self._add(self.tr("Shown after"), _PAINTED_TOP_MS)
        self._erased = self._add(self.tr("Words taken back"), _WORDS_TOP)
        self._engine = self._add(self.tr("Embedded engine"), 1.0)
        self._add_times()
        self.show_seconds(())

    def show_seconds(self, seconds: Sequence[Second | None]) -> None:
        """Show what was, the oldest second first."""
        no_caption = self.tr("No caption")
        first = _of(seconds, lambda each: each.first_s)
        self._show_seconds(self._first, first, no_caption)
        final = _of(seconds, lambda each: each.final_s)
        self._show_seconds(self._final, final, no_caption)
        painted = _of(seconds, lambda each: each.painted_s)
        took_ms = [None if each is None else 1000 * each for each in painted]
        known = [math.ceil(each) for each in took_ms if each is not None]
        most = self.tr("at most {most} ms")
        self._painted.show_values(took_ms, most.format(most=max(known)) if known else no_caption)
        erased = _of(seconds, lambda each: float(each.erased))
        count = sum(0 if each is None else each.erased for each in seconds)
        said = self.tr("{count} in all").format(count=self.locale().toString(count))
        self._erased.show_values(erased, said if count else self.tr("No word"))
        engine = _of(seconds, lambda each: each.engine)
        worked = [each for each in engine if each is not None]
        most = self.tr("at most {most} %")
        said = most.format(most=math.ceil(100 * max(worked))) if worked else self.tr("Not in use")
        self._engine.show_values(engine, said)


def _of(
    seconds: Sequence[Second | None], figure: Callable[[Second], float | None]
) -> list[float | None]:
    """Return the figure of each second; None where nothing was noted."""
    return [None if each is None else figure(each) for each in seconds]
