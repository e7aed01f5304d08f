"""How long short pieces of work take in this process, by the clock and on the processor."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Final

REPEATED: Final = 3
"""A single call of a few milliseconds tells little, and the first one of all takes longer."""
OFTEN: Final = 60
"""So often for what 95 in 100 do not exceed."""


@dataclass(frozen=True, slots=True)
class Took:
    """How long something takes, and how much of it the processor works for it, in milliseconds."""

    clock: float
    processor: float


def once(work: Callable[[], object]) -> Took:
    """Return how long it takes this time."""
    began, used = time.perf_counter(), time.process_time()
    work()
    clock = time.perf_counter() - began
    return Took(1000 * clock, 1000 * (time.process_time() - used))


def middle(work: Callable[[], object]) -> Took:
    """Return the median of a few times."""
    took = [once(work) for _ in range(REPEATED)]
    return Took(median(each.clock for each in took), median(each.processor for each in took))


def p95(work: Callable[[], object]) -> Took:
    """Return what 95 in 100 of many times do not exceed."""
    took = [once(work) for _ in range(OFTEN)]
    clock, processor = [each.clock for each in took], [each.processor for each in took]
    return Took(quantiles(clock, n=20)[-1], quantiles(processor, n=20)[-1])
