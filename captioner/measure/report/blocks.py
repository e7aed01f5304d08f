"""What a report is made of, whatever form it is written in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Heading:
    """A title; level 1 is that of the whole report."""

    text: str
    level: int


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Some sentences; a weighty one is a verdict or a warning."""

    text: str
    is_weighty: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table. So many columns from the left are ``labels``, the others hold figures."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    labels: int = 1


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing.

    Attributes:
        name: For a file, without its ending.
        title: What it shows, also for those who do not see it: the figures are in tables.
        svg: The drawing.
    """

    name: str
    title: str
    svg: str


Block: TypeAlias = Heading | Paragraph | Grid | Plot
