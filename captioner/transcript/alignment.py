"""Finds the words of an older reading in a newer one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from captioner.core.spelling import bare

_MAX_CELLS: Final = 40_000
"""Above this, about 200 changed words, exact alignment would take longer than a frame."""


def map_boundaries(old: Sequence[str], new: Sequence[str], boundaries: Sequence[int]) -> list[int]:
    """Return where each boundary of ``old`` lies in ``new``.

    The two are aligned by their smallest number of words put in, left out, or replaced; case and
    punctuation do not count. Words put in at a boundary come to lie behind it.

    Args:
        old: Words of the older reading.
        new: Words of the newer reading.
        boundaries: Places between words of ``old``, rising, 0 to ``len(old)``.
    """
    old_bare = [bare(word) for word in old]
    new_bare = [bare(word) for word in new]
    head = _common(old_bare, new_bare)
    # The tail must not take words that the head already has.
    tail = min(_common(old_bare[::-1], new_bare[::-1]), min(len(old), len(new)) - head)
    middle = _path(old_bare[head : len(old) - tail], new_bare[head : len(new) - tail])
    shift = len(new) - len(old)
    mapped = []
    for boundary in boundaries:
        if boundary <= head:
            mapped.append(boundary)
        elif boundary <= len(old) - tail:
            mapped.append(head + middle[boundary - head])
        else:
            mapped.append(boundary + shift)
    return mapped


def _path(old: list[str], new: list[str]) -> list[int]:
    """Return for each number of leading words of ``old`` how many of ``new`` they became."""
    if not old:
        return [0]
    if len(old) * len(new) > _MAX_CELLS:
        return [min(place, len(new)) for place in range(len(old) + 1)]
    costs = [list(range(len(new) + 1))]
    for row, word in enumerate(old, start=1):
        above = costs[-1]
        cells = [row]
        for column, other in enumerate(new, start=1):
            replaced = above[column - 1] + (word != other)
            cells.append(min(replaced, above[column] + 1, cells[-1] + 1))
        costs.append(cells)
    reached = [0] * (len(old) + 1)
    row, column = len(old), len(new)
    while row > 0:
        cost = costs[row][column]
        if column > 0 and cost == costs[row][column - 1] + 1:
            column -= 1
        elif column > 0 and cost == costs[row - 1][column - 1] + (old[row - 1] != new[column - 1]):
            reached[row] = column
            row, column = row - 1, column - 1
        else:
            reached[row] = column
            row -= 1
    return reached


def _common(first: Sequence[str], second: Sequence[str]) -> int:
    count = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        count += 1
    return count
