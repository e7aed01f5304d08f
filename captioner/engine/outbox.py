"""Results on their way to the client: all finals, the newest partial, and a sign of progress."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Final

from captioner.core.errors import CaptionerError
from captioner.core.hypothesis import Hypothesis
from captioner.engine.backend import Update

_PROGRESS_S: Final = 1.0
_MOST_FINALS: Final = 8


class Outbox:
    """Between a stream and its client. Bounded: whoever adds finals asks `has_room` first."""

    def __init__(self) -> None:
        """Begin empty."""
        self._finals: deque[Update] = deque()
        self._latest: Update | None = None
        self._changed = asyncio.Event()
        self._error: CaptionerError | None = None
        self._is_closed = False
        self._reported_s = 0.0

    @property
    def has_room(self) -> bool:
        """Whether the client keeps up with the finals."""
        return len(self._finals) < _MOST_FINALS

    def put_final(self, final: Hypothesis) -> None:
        """Add a final; the partials of its utterance are history."""
        self._latest = None
        self._finals.append(Update((final,), final.audio_processed_s))
        self._changed.set()

    def put_partial(self, partial: Update) -> None:
        """Replace the partial that waits."""
        self._latest = partial
        self._changed.set()

    def report_progress(self, position_s: float) -> None:
        """Say once a second of audio how far the stream is, when there is nothing else to say."""
        if self._latest is None and position_s - self._reported_s >= _PROGRESS_S:
            self._latest = Update((), position_s)
            self._changed.set()

    def close(self, error: CaptionerError | None = None) -> None:
        """Let `updates` end after what waits; at once, with ``error``, if there is one."""
        self._error = self._error or error
        self._is_closed = True
        self._changed.set()

    async def updates(self) -> AsyncIterator[Update]:
        """Yield until closed.

        Raises:
            CaptionerError: The one that it was closed with.
        """
        while True:
            self._changed.clear()
            if self._error is not None:
                raise self._error
            if self._finals:
                update = self._finals.popleft()
            elif self._latest is not None:
                update, self._latest = self._latest, None
            elif self._is_closed:
                return
            else:
                await self._changed.wait()
                continue
            self._reported_s = max(self._reported_s, update.position_s)
            yield update
