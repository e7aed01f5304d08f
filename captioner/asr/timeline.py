"""Where the audio of one stream lies in the session.

A server counts what it was sent. Lost audio and replays make that differ from the session's own
positions, so each stream keeps the points at which the two scales jump apart.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

from captioner.core.audio import AudioChunk, ms_to_samples, samples_to_ms

_KEPT_POINTS: Final = 256
"""Enough for minutes of the worst loss; older points only matter to words long final."""


class StreamTimeline:
    """Maps positions of one stream to positions of the session."""

    def __init__(self) -> None:
        """Begin a stream; nothing has been sent."""
        self._stream: list[int] = []
        self._session: list[int] = []
        self.sent_samples = 0

    def sent(self, chunk: AudioChunk) -> None:
        """Note that ``chunk`` was the next thing sent on the stream."""
        if not self._stream or self.to_session(self.sent_samples) != chunk.start:
            self._stream.append(self.sent_samples)
            self._session.append(chunk.start)
            del self._stream[:-_KEPT_POINTS], self._session[:-_KEPT_POINTS]
        self.sent_samples += chunk.samples

    def to_session_ms(self, stream_ms: int) -> int:
        """Return the session time of a stream time, both in milliseconds."""
        if not self._stream:
            return stream_ms
        return samples_to_ms(self.to_session(ms_to_samples(stream_ms)))

    def to_session(self, stream_position: int) -> int:
        """Return the session position of a stream position; something must have been sent."""
        index = max(0, bisect_right(self._stream, stream_position) - 1)
        return self._session[index] + stream_position - self._stream[index]
