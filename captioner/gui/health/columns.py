"""Parts of the status that stand below each other, with titles on the left of what they show."""

from __future__ import annotations

from typing import Protocol


class Column(Protocol):
    """Such a part."""

    @property
    def titles_width(self) -> int:
        """What the titles need."""
        ...

    def widen_titles(self, width: int) -> None:
        """Let what they show begin after ``width`` pixels for the titles, or more."""
        ...


def line_up(*columns: Column) -> None:
    """Let what stands beside the titles begin at one place."""
    width = max(each.titles_width for each in columns)
    for each in columns:
        each.widen_titles(width)
