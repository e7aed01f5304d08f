"""Values with their moments, and what is said of many."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from captioner.measure.result import Summary

_DIGITS: Final = 3


class Samples:
    """Values in the order in which they came. Small: there may be millions of them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._at = array("d")
        self._values = array("d")

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._values)

    def add(self, at: float, value: float) -> None:
        """Take in a value; moments never go back by more than a little."""
        self._at.append(at)
        self._values.append(value)

    def between(self, begin: float = -math.inf, end: float = math.inf) -> NDArray[np.float64]:
        """Return the values from ``begin`` until just before ``end``."""
        at, values = np.array(self._at), np.array(self._values)
        return values[(at >= begin) & (at < end)]

    def newest(self, count: int) -> NDArray[np.float64]:
        """Return the last values, at most so many."""
        return np.array(self._values[-count:])


def percentile(values: Sequence[float] | NDArray[np.float64], percent: float) -> float | None:
    """Return the smallest value that ``percent`` of 100 do not exceed; None where there is none.

    It is a value that occurred, not one between two.
    """
    if not len(values):
        return None
    return round(float(np.percentile(values, percent, method="inverted_cdf")), _DIGITS)


def summary(values: Sequence[float] | NDArray[np.float64]) -> Summary | None:
    """Return what is said of ``values``; None where there is none."""
    if not len(values):
        return None
    p50, p90, p95, p99, most = np.percentile(
        values, (50, 90, 95, 99, 100), method="inverted_cdf"
    ).tolist()
    return Summary(
        count=len(values),
        mean=round(float(np.mean(values)), _DIGITS),
        p50=round(p50, _DIGITS),
        p90=round(p90, _DIGITS),
        p95=round(p95, _DIGITS),
        p99=round(p99, _DIGITS),
        max=round(most, _DIGITS),
    )
