"""How long words wait for the screen, and a line of the log when they are there."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, Signal

from captioner.core.events import CaptionChanged
from captioner.telemetry.caption_lines import caption_fields
from captioner.telemetry.log_lines import with_fields

logger = logging.getLogger(__name__)


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
        self._to_log: dict[tuple[str, int], Mapping[str, object]] = {}

    def begin(self, event: CaptionChanged, *, is_seen: bool) -> None:
        """Note that words wait which came at ``event.told_at``; 0.0 is no moment.

        Where they are not seen, because the window is hidden, nothing waits.
        """
        self._since = (self._since or event.told_at) if is_seen else 0.0
        if not is_seen:
            self._to_log.clear()
        elif logger.isEnabledFor(logging.DEBUG):
            segment = event.segment
            self._to_log[segment.channel, segment.id] = caption_fields(segment)

    def end(self) -> None:
        """Note that all that waited is painted."""
        if self._since:
            self.measured.emit(self._now() - self._since)
            self._since = 0.0
        for fields in self._to_log.values():
            logger.debug("Painted", extra=with_fields(fields, file_only=True))
        self._to_log.clear()
