"""Does something at most so often, and never later than it must."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer


class Throttle(QObject):
    """Calls an action at once, then at most once an interval, and always after the last request."""

    def __init__(
        self, action: Callable[[], None], interval_ms: int, parent: QObject | None = None
    ) -> None:
        """Prepare to call ``action`` on the main thread, at most once in ``interval_ms``."""
        super().__init__(parent)
        self._action = action
        self._is_wanted = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(interval_ms)
        self._timer.timeout.connect(self._on_interval_over)

    def request(self) -> None:
        """Ask for the action: now, or when the interval since the last one is over."""
        if self._timer.isActive():
            self._is_wanted = True
        else:
            self._run()

    def flush(self) -> None:
        """Do what was asked for now, if it was not done yet."""
        if self._is_wanted:
            self._run()

    def put_off(self) -> None:
        """Begin the interval anew, without what was asked for: it was done by other means."""
        self._is_wanted = False
        self._timer.start()

    def _on_interval_over(self) -> None:
        if self._is_wanted:
            self._run()

    def _run(self) -> None:
        self._is_wanted = False
        self._timer.start()
        self._action()
