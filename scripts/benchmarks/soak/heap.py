"""How much memory the C library keeps although nothing uses it."""

from __future__ import annotations

import ctypes
from typing import Final

_MEGABYTE: Final = 1_048_576
_FIELDS: Final = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"

NOTE: Final = (
    "Free memory is resident too, but nothing uses it: glibc's malloc keeps it, and that part of a "
    "growth is no leak. With `MALLOC_MMAP_THRESHOLD_=131072`, which keeps large blocks elsewhere, "
    "there is less of it."
)


class _Mallinfo2(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_size_t) for name in _FIELDS.split())


def free_mb() -> float:
    """Return what malloc keeps for nobody in this process, in megabytes; 0 without glibc."""
    ask = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if ask is None:
        return 0.0
    ask.restype = _Mallinfo2
    return float(ask().fordblks) / _MEGABYTE
