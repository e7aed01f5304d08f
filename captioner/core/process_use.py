"""What this process has used of the computer."""

from __future__ import annotations

import sys
import time
from typing import Final

_MEBIBYTE: Final = 1 << 20
_UNIT: Final = 1 if sys.platform == "darwin" else 1024
"""Of the largest memory, as the system counts it, in bytes."""


def process_use(*, before_s: float = 0.0) -> dict[str, float | None]:
    """Return it for the log: processor time of all its threads, and the most memory it ever had.

    Args:
        before_s: Seconds of processor time that do not count.
    """
    memory = _peak_memory_mib()
    return {
        "processor_s": round(time.process_time() - before_s, 2),
        "peak_memory_mib": None if memory is None else round(memory, 1),
    }


def _peak_memory_mib() -> float | None:
    if sys.platform == "win32":  # Python cannot tell there
        return None
    import resource  # noqa: PLC0415  # there is none on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT / _MEBIBYTE
