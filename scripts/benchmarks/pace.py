"""How fast the machine is at the time, by a fixed piece of work that is none of Captioner's.

A shared machine gives more at one hour than at another. As the piece is done beside every round,
two runs can tell what the machine did from what the program did.
"""

from __future__ import annotations

import time
import zlib
from collections import Counter
from statistics import median
from typing import Final

_WORDS: Final = 60_000
_TIMES: Final = 7


def piece_of_work() -> int:
    """Make words, count, sort and pack them: an interpreter, memory and a library in C."""
    words = [f"{number * 2_654_435_761 % 2**32:08x}" for number in range(_WORDS)]
    counted = Counter(word[:3] for word in words)
    return len(zlib.compress(" ".join(sorted(words)).encode(), 6)) + len(counted)


def milliseconds() -> float:
    """Return how long the piece of work takes now, by the clock: the median of a few times."""
    took = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        piece_of_work()
        took.append(1000 * (time.perf_counter() - began))
    return median(took)
