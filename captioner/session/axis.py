"""One scale of positions for several devices, each of which has a clock of its own.

A device's samples are counted, which is exact while it runs, but two devices disagree: they are
opened at different moments, and their crystals drift apart by up to a tenth of a second in a
quarter of an hour. So each opening is placed by the computer's monotonic clock, and the smoothed
distance between count and clock is kept small: where a device counts too slowly, the count steps
forward; where it counts too fast, quiet samples are left out, and after half a second any.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from captioner.core.audio import BYTES_PER_SAMPLE, SAMPLE_RATE, AudioChunk

_TOLERANCE: Final = SAMPLE_RATE // 10
"""Samples that a channel may be off the clock; two channels are at most twice as far apart."""

_LIMIT: Final = SAMPLE_RATE // 2
"""Samples of being too far ahead, from which on loud audio is left out too."""

_SMOOTHING: Final = 0.05
"""Weight of one chunk: the clock's readings scatter by what a device gives at once."""


class ClockAxis:
    """Places the chunks of one channel on the session's scale, by the clock.

    Attributes:
        dropped_samples: Loud audio that was left out, because nothing was quiet for too long.
    """

    def __init__(self, origin_s: float, *, start: int = 0) -> None:
        """Begin before the first chunk.

        Args:
            origin_s: Moment of position 0, in seconds of the monotonic clock.
            start: Session position before which nothing is placed, in samples.
        """
        self._origin_s = origin_s
        self._end = start
        self._offset: int | None = None
        self._has_begun = False
        self._ahead = 0.0
        self._chunks = 0
        self.dropped_samples = 0

    def opened(self) -> None:
        """Note that a device was opened: its first chunk is placed by the clock alone."""
        self._offset = None

    def place(self, chunk: AudioChunk, *, is_quiet: bool) -> AudioChunk | None:
        """Return ``chunk`` on the session's scale; None where all of it is left out.

        Args:
            chunk: The next of the channel; positions count from any origin.
            is_quiet: Whether nobody speaks in it.
        """
        heard_from = self._by_clock(chunk)
        lost = chunk.lost_before
        if self._offset is None:
            begins = max(self._end, heard_from)
            # What was said before a channel was opened for the first time is not lost.
            lost = begins - self._end if self._has_begun else 0
            self._offset, self._has_begun = begins - chunk.start, True
            self._ahead, self._chunks = 0.0, 0
        self._chunks += 1
        ahead = chunk.start + self._offset - heard_from
        self._ahead += (ahead - self._ahead) * max(_SMOOTHING, 1 / self._chunks)
        placed = replace(chunk, start=chunk.start + self._offset, lost_before=lost)
        if self._ahead < -_TOLERANCE:
            placed = self._step(placed, round(-self._ahead))
        elif self._ahead > _TOLERANCE and (is_quiet or self._ahead > _LIMIT):
            return self._cut(placed, round(self._ahead), is_quiet=is_quiet)
        self._end = placed.end
        return placed

    def _by_clock(self, chunk: AudioChunk) -> int:
        """Return the position at which the clock says that ``chunk`` begins."""
        return round((chunk.captured_at - self._origin_s) * SAMPLE_RATE) - chunk.samples

    def _step(self, chunk: AudioChunk, samples: int) -> AudioChunk:
        self._move(samples)
        return replace(chunk, start=chunk.start + samples)

    def _cut(self, chunk: AudioChunk, samples: int, *, is_quiet: bool) -> AudioChunk | None:
        """Leave out the first ``samples`` of ``chunk``, or all that it has."""
        samples = min(samples, chunk.samples)
        if not is_quiet:
            self.dropped_samples += samples
        self._move(-samples)
        if samples == chunk.samples:
            return None
        kept = replace(chunk, pcm=chunk.pcm[samples * BYTES_PER_SAMPLE :])
        self._end = kept.end
        return kept

    def _move(self, samples: int) -> None:
        self._offset = (self._offset or 0) + samples
        self._ahead += samples
