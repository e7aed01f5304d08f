"""The part of a stream's audio that is still needed, by position in the stream."""

from __future__ import annotations

from typing import Final

import numpy as np

from captioner.core.audio import SAMPLE_RATE
from captioner.engine.backend import Samples

_FIRST_CAPACITY: Final = 16 * SAMPLE_RATE


class AudioWindow:
    """Audio from `begin` to `end`, in samples since the start of the stream.

    Bounded by its user, who drops what is no longer needed.
    """

    def __init__(self) -> None:
        """Begin empty at position 0."""
        self._data = np.zeros(_FIRST_CAPACITY, dtype=np.float32)
        self._length = 0
        self.begin = 0

    @property
    def end(self) -> int:
        """Position after the newest sample."""
        return self.begin + self._length

    def append(self, samples: Samples) -> None:
        """Add the next audio."""
        needed = self._length + len(samples)
        if needed > len(self._data):
            larger = np.zeros(max(needed, 2 * len(self._data)), dtype=np.float32)
            larger[: self._length] = self._data[: self._length]
            self._data = larger
        self._data[self._length : needed] = samples
        self._length = needed

    def slice(self, begin: int, end: int) -> Samples:
        """Return a copy of what there is between two positions, shorter where it is not there."""
        first = max(begin, self.begin) - self.begin
        after = max(first, min(end, self.end) - self.begin)
        return self._data[first:after].copy()

    def drop_before(self, position: int) -> None:
        """Forget audio before ``position``; done in strides of a second, to move it rarely."""
        count = min(position - self.begin, self._length)
        if count >= SAMPLE_RATE:
            rest = self._length - count
            self._data[:rest] = self._data[count : self._length].copy()
            self._length = rest
            self.begin += count
