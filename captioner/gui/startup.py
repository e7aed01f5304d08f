"""How long this process has been running, for the promise to be on the screen at once."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Final

_STARTED_AT_FIELD: Final = 19
"""Place of the start time in /proc/PID/stat, counted from behind the program's name."""


def ms_since_start() -> float:
    """Return the milliseconds since the system started this process.

    On Linux the kernel's own note is read, which counts in steps of 10 ms. Elsewhere the time
    since Python began to import Captioner stands in for it, which leaves out a little.
    """
    if sys.platform != "linux":
        return (time.monotonic() - _LOADED_AT) * 1000
    after_name = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    started_s = int(after_name[_STARTED_AT_FIELD]) / os.sysconf("SC_CLK_TCK")
    return (time.clock_gettime(time.CLOCK_BOOTTIME) - started_s) * 1000


_LOADED_AT: Final = time.monotonic()
