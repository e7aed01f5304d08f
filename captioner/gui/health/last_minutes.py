"""What the status shows of the last ten minutes, a value a second."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from captioner.core.audio import SAMPLE_RATE, SILENT_DBFS
from captioner.core.counts import EngineCounts, SessionCounts
from captioner.core.events import CaptionChanged, LevelChanged
from captioner.gui.bridge import SessionBridge

KEPT_S: Final = 600


@dataclass(slots=True)
class Second:
    """One second.

    Attributes:
        at: Monotonic seconds.
        level_dbfs: The loudest audio in it, of all channels.
        delay_s: The longest that a caption took in it; None without a caption.
        behind_s: Audio that the recogniser was behind.
        lost_s: Audio that was lost in it.
        painted_s: The longest that words waited for the screen in it; None where none came.
        first_s: The longest from the beginning of speech to the first words; None without any.
        final_s: The longest from the end of speech to its final; None without one.
        erased: Words that were taken back in it.
        engine: Seconds of decoding for each second of audio that the embedded engine heard in it;
            None where it heard none.
    """

    at: int
    level_dbfs: float = SILENT_DBFS
    delay_s: float | None = None
    behind_s: float = 0.0
    lost_s: float = 0.0
    painted_s: float | None = None
    first_s: float | None = None
    final_s: float | None = None
    erased: int = 0
    engine: float | None = None


class LastMinutes:
    """Follows the session by what it tells; it needs no timer, and nothing else wakes for it."""

    def __init__(
        self,
        bridge: SessionBridge,
        read: Callable[[], SessionCounts | None],
        read_engine: Callable[[], EngineCounts | None],
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin without any.

        Args:
            bridge: What the session tells.
            read: Returns what it counts; asked once a second while it hears something.
            read_engine: The same of the embedded engine.
            now: Monotonic seconds.
        """
        self._read, self._read_engine, self._now = read, read_engine, now
        self._seconds: deque[Second] = deque(maxlen=KEPT_S)
        self._counted = SessionCounts()
        self._decoded = EngineCounts()
        bridge.level_changed.connect(self._on_level)
        bridge.caption_changed.connect(self._on_caption)

    def seconds(self) -> list[Second | None]:
        """Return the last ten minutes, the oldest second first; None where nothing was heard."""
        first = int(self._now()) - KEPT_S + 1
        found: list[Second | None] = [None] * KEPT_S
        for each in self._seconds:
            if each.at >= first:
                found[each.at - first] = each
        return found

    def _on_level(self, event: LevelChanged) -> None:
        second = self._second()
        second.level_dbfs = max(second.level_dbfs, event.level.rms_dbfs)

    def _on_caption(self, event: CaptionChanged) -> None:
        took_s = event.segment.processing_ms / 1000
        if took_s > 0 and not event.segment.promoted:
            second = self._second()
            second.delay_s = _longer(second.delay_s, took_s)
        if event.since_speech_s is not None:
            second = self._second()
            if event.segment.is_final:
                second.final_s = _longer(second.final_s, event.since_speech_s)
            else:
                second.first_s = _longer(second.first_s, event.since_speech_s)

    def take_paint(self, waited_s: float) -> None:
        """Note that words were painted, and how long they had waited for it."""
        second = self._second()
        second.painted_s = _longer(second.painted_s, waited_s)

    def _second(self) -> Second:
        at = int(self._now())
        if not self._seconds or self._seconds[-1].at != at:
            self._seconds.append(self._begin(at))
        return self._seconds[-1]

    def _begin(self, at: int) -> Second:
        counts, before = self._read(), self._counted
        engine = self._engine()
        if counts is None:
            return Second(at, engine=engine)
        self._counted = counts
        lost_s = max(0, counts.audio.dropped - before.audio.dropped) / SAMPLE_RATE
        erased = max(0, (counts.erasure - before.erasure).erased_words)
        return Second(at, behind_s=counts.lag_s, lost_s=lost_s, erased=erased, engine=engine)

    def _engine(self) -> float | None:
        """Return its work since the last second. It tells of it once a second, or seldomer."""
        counts, before = self._read_engine(), self._decoded
        if counts is None:
            return None
        new = EngineCounts(
            heard=counts.heard - before.heard, decode_s=counts.decode_s - before.decode_s
        )
        if not new.heard:
            return None  # what it decodes meanwhile is for audio that it heard before
        self._decoded = counts
        return new.real_time_factor if new.heard > 0 else None


def _longer(known_s: float | None, other_s: float) -> float:
    return other_s if known_s is None else max(known_s, other_s)
