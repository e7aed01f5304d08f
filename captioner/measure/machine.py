"""The computer that measures."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from typing import Final

from captioner import __version__
from captioner.measure.result import Machine

_PROCESSOR: Final = Path("/proc/cpuinfo")
_MODEL: Final = re.compile(r"^model name\s*:\s*(.+)$", re.MULTILINE)


def this_machine() -> Machine:
    """Return what is written down of this computer. Blocks on a file."""
    return Machine(
        system=f"{platform.system()} {platform.release()}",
        processor=_processor() or platform.processor() or platform.machine(),
        cores=available_cores(),
        python=platform.python_version(),
        captioner=__version__,
    )


def available_cores() -> int:
    """Return how many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    try:
        found = _MODEL.search(_PROCESSOR.read_text(encoding="utf-8", errors="replace"))
    except OSError:  # not Linux
        return ""
    return found[1].strip() if found else ""
