"""Lines that were broken for another width, and wait to be broken anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from captioner.transcript.line_breaker import LineBreaker
from captioner.transcript.line_parts import Line, Piece, Segment, Span, joined, runs_of_words


class OlderLines:
    """Breaks them bit by bit, from the oldest on, so that all of them are as full as can be.

    Attributes:
        lines: As they were.
    """

    def __init__(self, lines: Sequence[Line], breaker: LineBreaker) -> None:
        """Begin with nothing done; ``breaker`` is for these lines alone."""
        self.lines = lines
        self._breaker = breaker
        self._runs: Iterator[tuple[Span, list[Piece]]] | None = None

    @property
    def done(self) -> list[Line]:
        """The lines that were made of them so far."""
        return self._breaker.lines

    @property
    def last_channel(self) -> str | None:
        """Who speaks last in them."""
        spans = (span for line in reversed(self.lines) for span in reversed(line.spans))
        return next((span.segment.channel for span in spans), None)

    def break_some(self, words: int) -> bool:
        """Break about so many more words; return whether those were the last."""
        if self._runs is None:
            self._runs = iter(runs_of_words([span for line in self.lines for span in line.spans]))
        for first, pieces in self._runs:
            # Not their own segment: its newest words are on other lines.
            segment = Segment(first.segment.channel, self._breaker.split(joined(pieces)))
            self._breaker.place(segment, 0, first.kind)
            words -= len(pieces)
            if words <= 0:
                return False
        return True
