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

Key: TypeAlias = tuple[str, str, str]
"""Section, row and column."""


class Figure(NamedTuple):
    """A number of a table, between what it lay in the rounds, and the least step of its print."""

    middle: float
    low: float
    high: float
    step: float = 0.0

    def agrees(self, other: Figure, margin: float) -> bool:
        """Tell whether the median of the other lies within this one's spread.

        One step of the print is no difference: it is what rounding makes of nothing.
        """
        slack = max(margin * abs(self.middle), 1.01 * self.step)
        return self.low - slack <= other.middle <= self.high + slack


def figures(text: str) -> dict[Key, Figure]:
    """Return the figures of all tables of a Markdown text.

    A cell with several of them, as `1 ms / 2 ms`, gives each; words in a column that has a title
    belong to the name of the row.
    """
    return dict(_figures(text))


def _figures(text: str) -> Iterator[tuple[Key, Figure]]:
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
                    yield (section, row, column), Figure(middle, low, high, step)
