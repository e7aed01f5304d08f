"""Whether Captioner is better than a peer, by a rule that the reports state."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from scripts.benchmarks.table import Figure

RULE: Final = (
    "Captioner : peer, less is better; better or worse where no round of one reaches any of the "
    "other, even otherwise."
)


class Verdict(StrEnum):
    """How our figure compares with theirs."""

    BETTER = "better"
    EVEN = "even"
    WORSE = "**worse**"
    NOT_MEASURED = "not measured"


def verdict(ours: Figure, theirs: Figure) -> Verdict:
    """Compare two figures of which less is better, as they are printed; see `RULE`."""
    mine = [round(value, ours.digits) for value in ours.values]
    other = [round(value, theirs.digits) for value in theirs.values]
    if any(math.isnan(value) for value in [*mine, *other]):
        return Verdict.NOT_MEASURED
    if max(mine) < min(other):
        return Verdict.BETTER
    return Verdict.WORSE if min(mine) > max(other) else Verdict.EVEN


def compared(ours: Figure, theirs: Figure) -> str:
    """Return the ratio over the rounds with its spread, where there is one, and the verdict."""
    said = verdict(ours, theirs)
    pairs = list(zip(ours.values, theirs.values, strict=True))
    if said is Verdict.NOT_MEASURED or not all(other for _, other in pairs):
        return said
    return f"{Figure([mine / other for mine, other in pairs])} {said}"


def not_beaten(ours: Sequence[Figure], theirs: Sequence[Figure]) -> int:
    """Return in how many measures ours is not better; one that only the peer lacks is no loss."""
    pairs = zip(ours, theirs, strict=True)
    return sum(
        any(map(math.isnan, mine.values)) or verdict(mine, other) in (Verdict.WORSE, Verdict.EVEN)
        for mine, other in pairs
    )
