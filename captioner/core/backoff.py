"""How long to wait before the next try."""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass(slots=True)
class Backoff:
    """Exponential back-off with full jitter.

    The n-th delay is drawn evenly between 0 and ``min(cap_s, base_s * 2**n)``, which spreads
    clients that lost the same server best (AWS Architecture Blog, "Exponential Backoff And
    Jitter", 2015).

    Attributes:
        base_s: Upper bound of the first delay, in seconds.
        cap_s: Upper bound of any delay, in seconds.
        rng: Source of the jitter; tests pass a seeded one.
    """

    base_s: float = 0.25
    cap_s: float = 10.0
    rng: random.Random = field(default_factory=random.Random)
    attempts: int = 0

    def next_delay(self) -> float:
        """Return the next delay in seconds and count the attempt."""
        bound = min(self.cap_s, self.base_s * 2.0 ** min(self.attempts, 30))
        self.attempts += 1
        return self.rng.uniform(0.0, bound)

    def reset(self) -> None:
        """Start again from the shortest delay, after a success."""
        self.attempts = 0
