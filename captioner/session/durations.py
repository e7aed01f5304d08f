"""How long something took, over a time of any length, in little room."""

from __future__ import annotations

import math
from collections import Counter
from typing import Final

_GROWTH: Final = math.log(1.05)
_LEAST_MS: Final = 0.1
_LAST_BUCKET: Final = 400
"""Its bound is eight hours."""

_SHARES: Final = {"p50_ms": 0.5, "p95_ms": 0.95}


class Durations:
    """Counts durations in buckets, each of which reaches a twentieth further than the last one.

    What is told of them is at most that much too long, and never too short.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._buckets: Counter[int] = Counter()
        self._worst_ms = 0.0

    def add(self, ms: float) -> None:
        """Count one."""
        bucket = math.ceil(math.log(max(ms, _LEAST_MS) / _LEAST_MS) / _GROWTH)
        self._buckets[min(bucket, _LAST_BUCKET)] += 1
        self._worst_ms = max(self._worst_ms, ms)

    def below_ms(self, share: float) -> float | None:
        """Return what so large a share of them stayed below; None without any."""
        left = math.ceil(share * self._buckets.total())
        for bucket in sorted(self._buckets):
            left -= self._buckets[bucket]
            if left <= 0:
                return min(_LEAST_MS * math.exp(bucket * _GROWTH), self._worst_ms)
        return None

    def summary(self) -> dict[str, float] | None:
        """Return how many there were, the middle one, a long one and the longest; None if none."""
        if not self._buckets:
            return None
        told = {name: self.below_ms(share) or 0.0 for name, share in _SHARES.items()}
        told |= {"worst_ms": self._worst_ms}
        rounded = {name: round(ms, 1) for name, ms in told.items()}
        return {"count": self._buckets.total(), **rounded}
