"""How long words wait for the screen."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal


class PaintDelay(QObject):
    """From the oldest words that wait to be painted to the painting.

    Signals:
        measured: Words were painted, so many seconds after they had come.
    """

    measured = Signal(float)

    def __init__(
        self, parent: QObject | None = None, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with nothing waiting; ``now`` gives monotonic seconds."""
        super().__init__(parent)
        self._now = now
        self._since = 0.0

    def begin(self, told_at: float, *, is_seen: bool) -> None:
        """Note that words which came at ``told_at`` wait; 0.0 is no moment.

        Where they are not seen, because the window is hidden, nothing waits.
        """
        self._since = (self._since or told_at) if is_seen else 0.0

    def end(self) -> None:
        """Note that all that waited is painted."""
        if self._since:
            self.measured.emit(self._now() - self._since)
            self._since = 0.0
