"""The figures of the benchmark's tables, read where people read them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

_LABEL: Final = re.compile(r"[a-z][^\d]*", re.IGNORECASE)
_VERDICT: Final = re.compile(r"better|even|not measured|inf\b.*")
"""What stands in the place of a figure, or behind one, and names no row."""
_SEVERAL: Final = re.compile(r" [/→] ")
_FIGURE: Final = re.compile(
    r"(?P<middle>-?\d+(?:\.\d+)?)(?P<unit>[^\d(]*)"
    r"(?:\((?P<low>-?\d+(?:\.\d+)?)–(?P<high>-?\d+(?:\.\d+)?)\))?"  # noqa: RUF001 - a range
    r"(?: (?:better|even|\*\*worse\*\*))?"
)

_TIMES: Final = ("s", "ms")

Key: TypeAlias = tuple[str, str, str]
"""Section, row and column."""


class Reading(NamedTuple):
    """A number of a table, as people read it there.

    Attributes:
        middle: Its median.
        low: The least of the rounds.
        high: The most of them.
        step: The least step of its print.
        is_time: Whether it is in seconds or milliseconds.
    """

    middle: float
    low: float
    high: float
    step: float = 0.0
    is_time: bool = False

    def agrees(self, other: Reading, margin: float, pace: float = 1.0) -> bool:
        """Tell whether the median of the other lies within this one's spread.

        One step of the print is no difference: it is what rounding makes of nothing.

        Args:
            other: Of another run.
            margin: The share of the median by which the spread is widened on both sides.
            pace: How many times as long everything took on the machine of the other run; what is
                a time may have become longer, or shorter, by as much.
        """
        slack = max(margin * abs(self.middle), 1.01 * self.step)
        longer, shorter = (max(1.0, pace), min(1.0, pace)) if self.is_time else (1.0, 1.0)
        return self.low * shorter - slack <= other.middle <= self.high * longer + slack


def figures(text: str) -> dict[Key, Reading]:
    """Return the figures of all tables of a Markdown text.

    A cell with several of them, as `1 ms / 2 ms`, gives each; words in a column that has a title
    belong to the name of the row.
    """
    return dict(_figures(text))


def _figures(text: str) -> Iterator[tuple[Key, Reading]]:
    section, header = "", []
    for line in text.splitlines():
        if line.startswith("#"):
            section = line.lstrip("# ")
        if not line.startswith("|"):
            header = []
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not header:
            header = cells
            continue
        columns = list(zip(header, cells, strict=False))[1:]
        row = ", ".join(
            [
                cells[0],
                *(
                    cell
                    for title, cell in columns
                    if title and _LABEL.fullmatch(cell) and not _VERDICT.fullmatch(cell)
                ),
            ]
        )
        for title, cell in columns:
            for number, each in enumerate(_SEVERAL.split(cell), 1):
                if found := _FIGURE.fullmatch(each):
                    middle = float(found["middle"])
                    low, high = (float(found[name] or middle) for name in ("low", "high"))
                    column = title if number == 1 else f"{title}, {number}"
                    step = 10.0 ** -len(found["middle"].partition(".")[2])
                    is_time = found["unit"].strip() in _TIMES
                    yield (section, row, column), Reading(middle, low, high, step, is_time)
