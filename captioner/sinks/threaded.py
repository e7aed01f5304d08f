"""Runs a writer on its own thread behind a bounded queue."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Final, Protocol, TypeAlias

from captioner.core.events import CaptionChanged, LevelChanged, SessionEvent
from captioner.telemetry.log_lines import current_tags, tagged

logger = logging.getLogger(__name__)

_QUEUE_LIMIT: Final = 1000
_CLOSE_LIMIT_S: Final = 5.0

_Tagged: TypeAlias = tuple[SessionEvent, Mapping[str, object]]
"""An event, and what the lines of the log on it are about: the writer's thread is no task."""


class Writer(Protocol):
    """What a sink does with events, on its own thread; it may block."""

    def write(self, event: SessionEvent) -> None:
        """Take in one event."""
        ...

    def close(self) -> None:
        """Finish; called once, after the last event."""
        ...


class ThreadedSink:
    """A listener that hands events to a writer thread and returns at once.

    When the writer falls behind, the oldest partials and levels are dropped first, then other
    news; finals only when nothing else is left. What is dropped is counted.

    Attributes:
        dropped: How many events were dropped.
        failure: Why the writer was left out, or None.
        on_written: Called on the writer's thread after each event that was written.
    """

    def __init__(
        self,
        writer: Writer,
        name: str,
        *,
        on_failure: Callable[[], None] | None = None,
    ) -> None:
        """Start the thread.

        Args:
            writer: What takes the events.
            name: For the log and the thread.
            on_failure: Called on the writer's thread once the writer has failed.
        """
        self._writer = writer
        self._name = name
        self._events: deque[_Tagged | None] = deque()
        self._ready = threading.Condition()
        self._is_over = False
        self._on_failure = on_failure
        self.on_written: Callable[[SessionEvent], None] | None = None
        self.dropped = 0
        self.failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=f"sink-{name}", daemon=True)
        self._thread.start()

    def __call__(self, event: SessionEvent) -> None:
        """Queue ``event``; never waits."""
        with self._ready:
            if self._is_over:
                return
            if len(self._events) >= _QUEUE_LIMIT:
                self._make_room()
            self._events.append((event, current_tags()))
            self._ready.notify()

    @property
    def failures(self) -> int:
        """How often it could not write: after the first time it is left out."""
        return int(self.failure is not None)

    def close(self) -> None:
        """Write what is queued, finish the writer and end the thread. Blocks, at most seconds."""
        with self._ready:
            self._is_over = True
            self._events.append(None)
            self._ready.notify()
        self._thread.join(_CLOSE_LIMIT_S)
        if self._thread.is_alive():
            logger.warning("Sink %s does not finish and is left behind", self._name)

    def _make_room(self) -> None:
        index = min(range(len(self._events)), key=lambda place: _worth(self._events[place]))
        del self._events[index]
        self.dropped += 1

    def _run(self) -> None:
        try:
            with closing(self._writer):
                while (taken := self._take()) is not None:
                    event, tags = taken
                    with tagged(**tags):
                        self._writer.write(event)
                    if self.on_written is not None:
                        self.on_written(event)
        except Exception as error:  # noqa: BLE001  # it is told, and the writer left out
            # A sink may fail in ways of its own (a closed pipe, a full disk); captions go on.
            self.failure = error
            # That the reader of a pipe leaves is how pipes end.
            level = logging.INFO if isinstance(error, BrokenPipeError) else logging.WARNING
            logger.log(level, "No more captions go to the output '%s': %s", self._name, error)
            with self._ready:
                self._is_over = True
                self._events.clear()
            if self._on_failure is not None:
                self._on_failure()

    def _take(self) -> _Tagged | None:
        with self._ready:
            while not self._events:
                self._ready.wait()
            return self._events.popleft()


def _worth(queued: _Tagged | None) -> int:
    match queued:
        case (LevelChanged(), _):
            return 0
        case (CaptionChanged(segment=segment), _):
            return 2 if segment.is_final else 0
        case _:
            return 1
