"""Where the audio of the last minutes was loud enough to be speech."""

from __future__ import annotations

from collections import deque
from typing import Final

from captioner.core.audio import AudioChunk

_KEPT_CHUNKS: Final = 2048
"""At 100 ms a chunk, more than the longest replay."""


class LoudAudio:
    """Positions of loud chunks, in samples of the session."""

    def __init__(self) -> None:
        """Begin in silence."""
        self._chunks: deque[tuple[int, int]] = deque(maxlen=_KEPT_CHUNKS)

    @property
    def until(self) -> int:
        """Just after the newest loud chunk, 0 before the first."""
        return self._chunks[-1][1] if self._chunks else 0

    def note(self, chunk: AudioChunk) -> None:
        """Note that ``chunk`` was loud."""
        self._chunks.append((chunk.start, chunk.end))

    def end_within(self, start: int, end: int) -> int | None:
        """Return where the last loud chunk ends that begins at ``start`` or later.

        None where nothing was loud from there to ``end``. What is loud across ``start`` belongs to
        what was said before it.
        """
        for begin, until in reversed(self._chunks):
            if begin < start:
                break
            if begin < end:
                return min(until, end)
        return None
