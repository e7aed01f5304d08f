"""Finished text in the order in which it was said, where two channels speak."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from captioner.core.events import CaptionChanged, SessionEvent
from captioner.core.segment import Segment
from captioner.sinks.threaded import Writer
from captioner.telemetry.log_lines import current_tags, tagged

_SETTLED_S: Final = 2.0
"""A recogniser has begun to show what was said by then, or is far behind."""

_PATIENCE_S: Final = 30.0
"""No utterance is waited for longer than this."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A final that waits.

    Attributes:
        since: Monotonic seconds.
        event: The caption.
        tags: What the lines of the log on it are about.
    """

    since: float
    event: CaptionChanged
    tags: Mapping[str, object]


class TimeOrderedWriter:
    """Passes finals on ordered by the start of their speech; everything else at once.

    A final waits while a segment of another channel is open that began before it, and a moment
    for one that nobody has heard of yet. With one channel nothing waits. What comes too late to be
    put in order is passed on all the same: nothing is lost.
    """

    def __init__(self, writer: Writer, *, now: Callable[[], float] = time.monotonic) -> None:
        """Write through ``writer``; ``now`` gives monotonic seconds."""
        self._writer = writer
        self._now = now
        self._held: list[_Held] = []
        self._open: dict[int, tuple[float, Segment]] = {}

    def write(self, event: SessionEvent) -> None:
        """Take in one event, and pass on what has waited long enough."""
        now = self._now()
        match event:
            case CaptionChanged(segment=segment) if segment.channel and segment.is_final:
                self._open.pop(segment.id, None)
                self._held.append(_Held(now, event, current_tags()))
            case CaptionChanged(segment=segment) if segment.channel:
                since = self._open.get(segment.id, (now, segment))[0]
                self._open[segment.id] = (since, segment)
                self._writer.write(event)
            case _:
                self._writer.write(event)
        self._release(now)

    def close(self) -> None:
        """Pass on what is left, and finish."""
        for held in sorted(self._held, key=_begins):
            self._pass_on(held)
        self._held.clear()
        self._writer.close()

    def _release(self, now: float) -> None:
        self._held.sort(key=_begins)
        while self._held and self._is_settled(self._held[0], now):
            self._pass_on(self._held.pop(0))

    def _pass_on(self, held: _Held) -> None:
        with tagged(**held.tags):
            self._writer.write(held.event)

    def _is_settled(self, held: _Held, now: float) -> bool:
        final = held.event.segment
        return now - held.since >= _SETTLED_S and not any(
            segment.channel != final.channel
            and segment.start_ms < final.start_ms
            and now - opened < _PATIENCE_S
            for opened, segment in self._open.values()
        )


def _begins(held: _Held) -> tuple[int, int]:
    segment = held.event.segment
    return segment.start_ms, segment.id
