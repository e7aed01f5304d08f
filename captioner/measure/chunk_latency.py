"""From the sending of a chunk to its answer, matched in two ways at once.

NVIDIA matches by number: response i answers chunk i. That holds for servers that answer each chunk
once. Of others the responses are matched by how much audio they say they cover. Which of the two a
run reports is decided when it is over, for all of its streams together.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import Final

from captioner.core.audio import SAMPLE_RATE
from captioner.core.clock import Clock
from captioner.measure.result import Pairing
from captioner.measure.statistics import Samples

_ROUNDING: Final = SAMPLE_RATE // 1000
"""Servers tell seconds with a few digits."""


class ChunkLatencies:
    """What all streams of a run found.

    Attributes:
        by_count: Milliseconds, matched by number.
        by_processed: Milliseconds, matched by covered audio.
        is_one_each: Whether every stream had one response a chunk, as far as is known.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.by_count = Samples()
        self.by_processed = Samples()
        self.is_one_each = True

    @property
    def pairing(self) -> Pairing:
        """What the run reports."""
        return Pairing.COUNT if self.is_one_each else Pairing.PROCESSED

    @property
    def samples(self) -> Samples:
        """The values that the run reports."""
        return self.by_count if self.is_one_each else self.by_processed


class ChunkTap:
    """Listens to one channel, one stream after the other; see `captioner.asr.tap.StreamTap`."""

    def __init__(self, found: ChunkLatencies, clock: Clock) -> None:
        """Put what is found into ``found``."""
        self._found = found
        self._clock = clock
        self._ends = array("q")
        self._sent_at = array("d")
        self._answers = 0
        self._covered = -1

    def opened(self) -> None:
        """Begin to count anew; a stream that broke off may have unanswered chunks."""
        self._ends, self._sent_at = array("q"), array("d")
        self._answers, self._covered = 0, -1

    def sent(self, end: int) -> None:
        """Note when a chunk goes out."""
        self._ends.append(end)
        self._sent_at.append(self._clock.now())

    def answered(self, processed_s: float) -> None:
        """Match a response."""
        now = self._clock.now()
        number, self._answers = self._answers, self._answers + 1
        if number < len(self._sent_at):
            self._found.by_count.add(now, 1000 * (now - self._sent_at[number]))
        else:
            # The last response may come without a chunk of its own, after the end of the audio.
            self._found.is_one_each &= number == len(self._sent_at)
        if processed_s > 0:
            chunk = bisect_left(self._ends, round(processed_s * SAMPLE_RATE) - _ROUNDING)
            if self._covered < chunk < len(self._ends):
                self._covered = chunk
                self._found.by_processed.add(now, 1000 * (now - self._sent_at[chunk]))

    def ended(self) -> None:
        """Take in that the server has said all: a chunk without an answer gets none any more."""
        self._found.is_one_each &= self._answers >= len(self._sent_at)
