"""Finds words in lines of text."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True, slots=True)
class Match:
    """A place where the words stand, counted as Qt counts: in units of UTF-16.

    Attributes:
        line: Number of the line.
        start: Where they begin in it.
        length: How long they are.
    """

    line: int
    start: int
    length: int


class Finder:
    """The places of some words, kept up to date while lines come."""

    def __init__(self) -> None:
        """Search for nothing."""
        self._pattern: re.Pattern[str] | None = None
        self.matches: list[Match] = []

    def search(self, words: str, lines: Sequence[str]) -> None:
        """Find ``words`` in ``lines``; capitals do not matter, nor how many spaces there are."""
        pieces = [re.escape(piece) for piece in words.split()]
        self._pattern = re.compile(r"\s+".join(pieces), re.IGNORECASE) if pieces else None
        self.matches = [m for number, line in enumerate(lines) for m in self._in(number, line)]

    def changed(self, number: int, line: str) -> None:
        """Take in that a line is new or reads otherwise."""
        if self._pattern is not None:
            self.matches[self._slice(number, number + 1)] = self._in(number, line)

    def between(self, first: int, last: int) -> list[Match]:
        """Return the matches in the lines from ``first`` to ``last``."""
        return self.matches[self._slice(first, last + 1)]

    def next_from(self, line: int, start: int, *, backwards: bool = False) -> Match | None:
        """Return the next match from a place on, around the end; None where there is none.

        Args:
            line: The place's line.
            start: Its place in the line; a match that begins there counts, but not backwards.
            backwards: Whether to go up.
        """
        if not self.matches:
            return None
        place = bisect_left(self.matches, Match(line, start, 0))
        return self.matches[(place - 1 if backwards else place) % len(self.matches)]

    def number_of(self, match: Match) -> int:
        """Return which of the matches this is, from 1."""
        return bisect_right(self.matches, match)

    def _in(self, number: int, line: str) -> Iterable[Match]:
        if self._pattern is None:
            return []
        return [
            Match(number, _units(line[: found.start()]), _units(found[0]))
            for found in self._pattern.finditer(line)
        ]

    def _slice(self, first: int, end: int) -> slice:
        return slice(
            bisect_left(self.matches, Match(first, 0, 0)),
            bisect_left(self.matches, Match(end, 0, 0)),
        )


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
