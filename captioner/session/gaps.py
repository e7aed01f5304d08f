"""Which losses of audio are worth a mark, when they come in small pieces too."""

from __future__ import annotations

from typing import Final

from captioner.asr.replay import LostAudio
from captioner.core.audio import SAMPLE_RATE
from captioner.core.clock import Clock

_MARKED: Final = SAMPLE_RATE // 5
"""What a device may lose at once, in samples; less is counted and not marked."""

_GATHERED_S: Final = 1.0
"""A server that is too slow loses a piece of audio now and then: one mark for each second."""


class LossGatherer:
    """Joins losses of one channel that follow each other closely.

    Attributes:
        lost_samples: All that was lost, marked or not.
    """

    def __init__(self, clock: Clock) -> None:
        """Begin with nothing lost."""
        self._clock = clock
        self._pending: LostAudio | None = None
        self._pending_samples = 0
        self._has_dropped = False
        self._since = 0.0
        self.lost_samples = 0

    def add(self, lost: LostAudio, *, dropped: bool = False) -> LostAudio | None:
        """Count a loss; return the gap that is to be marked now, if one is.

        Args:
            lost: What was lost.
            dropped: Whether there was no room for it. More will follow, so it is gathered; and all
                of it is marked, because a piece from the middle of speech tears a word.
        """
        samples = lost.end - lost.start
        self.lost_samples += samples
        if samples >= _MARKED and not dropped:
            return lost
        if self._pending is None:
            self._pending, self._since = lost, self._clock.now()
        else:
            start, end = min(self._pending.start, lost.start), max(self._pending.end, lost.end)
            self._pending = LostAudio(start, end)
        self._pending_samples += samples
        self._has_dropped = self._has_dropped or dropped
        return None

    def due(self, *, at_end: bool = False) -> LostAudio | None:
        """Return the gap that the losses together make, once they were gathered for a while.

        Args:
            at_end: Whether no more will come: they are not gathered any longer.
        """
        if self._pending is None:
            return None
        if not at_end and self._clock.now() - self._since < _GATHERED_S:
            return None
        is_marked = self._has_dropped or self._pending_samples >= _MARKED
        gap = self._pending if is_marked else None
        self._pending, self._pending_samples, self._has_dropped = None, 0, False
        return gap
