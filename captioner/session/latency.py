"""How long captions take, over the last minutes."""

from __future__ import annotations

import math
from collections import deque
from typing import Final

from captioner.core.clock import Clock
from captioner.core.events import CaptionChanged, SessionEvent

_WINDOW_S: Final = 300.0
_NEWEST: Final = 4096
_HIGH: Final = 0.95


class LatencyMeter:
    """Listens to a session; keeps the newest few thousand captions of five minutes.

    What counts is the time from the newest audio that a caption rests on to the caption. One that
    was made final without word from the recogniser took none.
    """

    def __init__(self, clock: Clock) -> None:
        """Begin with nothing heard."""
        self._clock = clock
        self._kept: deque[tuple[float, float]] = deque(maxlen=_NEWEST)

    def reset(self) -> None:
        """Forget everything, because another run begins."""
        self._kept.clear()

    def take(self, event: SessionEvent) -> None:
        """Note how long a caption took."""
        if isinstance(event, CaptionChanged) and not event.segment.promoted:
            took_ms = event.segment.processing_ms
            if took_ms > 0:
                # Nobody may ever ask for the figures, so what is too old goes here as well.
                self._forget()
                self._kept.append((self._clock.now(), took_ms))

    @property
    def newest_ms(self) -> float | None:
        """What the newest caption took; None before the first one."""
        return self._kept[-1][1] if self._kept else None

    @property
    def p95_ms(self) -> float | None:
        """What 95 of 100 captions of the last minutes stayed below; None where there are none."""
        self._forget()
        took = sorted(ms for _, ms in self._kept)
        return took[math.ceil(_HIGH * len(took)) - 1] if took else None

    def _forget(self) -> None:
        since = self._clock.now() - _WINDOW_S
        while self._kept and self._kept[0][0] < since:
            self._kept.popleft()
