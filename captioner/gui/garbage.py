"""Keeps the collection of garbage in the thread of the windows.

Python collects in whichever thread happens to allocate. Where that is a worker, objects of Qt that
nobody needs any more die in it while the windows still hear of them, and the program crashes.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from PySide6.QtCore import Qt, QTimer

_INTERVAL_MS: Final = 1000


@contextmanager
def garbage_collected_here() -> Iterator[None]:
    """Collect garbage in the calling thread alone, which runs Qt's loop meanwhile."""
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.VeryCoarseTimer)
    timer.setInterval(_INTERVAL_MS)
    timer.timeout.connect(_collect)
    gc.disable()
    timer.start()
    try:
        yield
    finally:
        timer.stop()
        gc.enable()


def _collect() -> None:
    """Collect the oldest generation whose turn it is, as Python itself would."""
    counts, limits = gc.get_count(), gc.get_threshold()
    due = [number for number, count in enumerate(counts) if count > limits[number]]
    if due:
        gc.collect(due[-1])
