"""A listener at the wire of a stream, for measurements: what was sent, and when it was answered."""

from __future__ import annotations

from typing import Protocol


class StreamTap(Protocol):
    """Is told of each message of one stream after the other, at the moment it goes or comes."""

    def opened(self) -> None:
        """Take in that a new stream begins; its positions count from 0 again."""
        ...

    def sent(self, end: int) -> None:
        """Take in that a chunk of audio goes out, which ends at sample ``end`` of the stream."""
        ...

    def answered(self, processed_s: float) -> None:
        """Take in that a response came, with or without words.

        Args:
            processed_s: How much of the stream the server says it has worked through; 0.0 where it
                does not say.
        """
        ...
