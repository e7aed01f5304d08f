"""Results as Markdown tables with targets and verdicts."""

from __future__ import annotations

import math
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from os import cpu_count
from statistics import median
from typing import Final

MARGIN: Final = 0.35
"""So much 95 in 100 figures of two whole runs needed that were made one after the other, on
2026-11-26. It is for later runs to keep to it."""
SHARE: Final = 0.95
SPREAD: Final = (
    "The spread is the least and the most of the rounds, which lie over the whole run. For "
    f"{100 * SHARE:.0f} in 100 figures the median of another run is expected within it, widened by "
    f"{100 * MARGIN:.0f} % of the figure, and for times by as much more as the fixed piece of work "
    "took longer or shorter beside the part; a verdict is expected again where its limit is not "
    "within the spread and the same share."
)
"""What a report states of its figures."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured quantity over all rounds.

    Attributes:
        values: One a round.
        unit: Behind the number.
        digits: Digits after the point.
    """

    values: Sequence[float]
    unit: str = ""
    digits: int = 2

    @property
    def middle(self) -> float:
        """The median."""
        return median(self.values)

    def __str__(self) -> str:
        """Return median and spread; a dash where there was nothing to measure."""
        if any(map(math.isnan, self.values)):
            return "–"  # noqa: RUF001 - none
        low, high = min(self.values), max(self.values)
        text = f"{self.middle:.{self.digits}f}{self.unit}"
        if len(self.values) > 1 and round(low, self.digits) != round(high, self.digits):
            text += f" ({low:.{self.digits}f}–{high:.{self.digits}f})"  # noqa: RUF001 - a range
        return text


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure has to keep to: not above its limit, or not below it.

    Attributes:
        name: What is judged.
        values: One a round.
        limit: For their median.
        digits: Digits after the point.
        at_least: The limit is the least, not the most.
    """

    name: str
    values: Sequence[float]
    limit: float
    digits: int = 2
    at_least: bool = False

    @property
    def measured(self) -> float:
        """The median."""
        return median(self.values)

    @property
    def met(self) -> bool:
        """True when it is kept; what could not be measured in every round is missed."""
        return not any(map(math.isnan, self.values)) and self._keeps(self.measured)

    def is_close(self, margin: float) -> bool:
        """Tell whether the rounds, and a share of the median beyond them, lie on both sides."""
        slack = margin * abs(self.measured)
        return self._keeps(min(self.values) - slack) != self._keeps(max(self.values) + slack)

    def row(self) -> list[str]:
        """Return the row of the table of targets."""
        return [
            self.name,
            str(Figure(self.values, digits=self.digits)),
            f"{'≥' if self.at_least else '≤'} {self.limit:.{self.digits}f}",
            "met" if self.met else "**missed**",
        ]

    def _keeps(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def conditions(rounds: int, *packages: str) -> str:
    """Return one line on when, where and with which packages the figures were made."""
    today = datetime.now(UTC).date().isoformat()
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"{today}, {cpu_count()} cores ({platform.machine()}), Python "
        f"{platform.python_version()}, {versions}; {rounds} "
        + ("round." if rounds == 1 else "interleaved rounds, median (spread).")
    )
