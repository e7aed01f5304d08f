"""Lays words out on lines that are no wider than a limit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from captioner.transcript.line_parts import (
    Line,
    Piece,
    Segment,
    Span,
    characters,
    joined,
    runs_of_words,
)
from captioner.transcript.shown_lines import RunKind

Measure = Callable[[str], float]


class LineBreaker:
    """Lines, and words put behind them.

    Attributes:
        lines: All that are kept, newest last.
        next_serial: Number of the next line.
        channel_above: Who speaks right above the first line; None for nobody.
    """

    def __init__(
        self, limit: float, measure: Measure, *, max_lines: int, next_serial: int = 0
    ) -> None:
        """Begin without a line; ``max_lines`` and one more are kept."""
        self.lines: list[Line] = []
        self.next_serial = next_serial
        self.channel_above: str | None = None
        self._limit = limit
        self._measure = measure
        self._max_lines = max_lines

    def fits(self, text: str) -> bool:
        """Return whether ``text`` is no wider than a line."""
        return self._measure(text) <= self._limit

    def is_short(self, text: str) -> bool:
        """Return whether ``text`` fills less than half a line."""
        return self._measure(text) < self._limit / 2

    def split(self, text: str) -> list[Piece]:
        """Return the words of ``text``; those wider than a line in parts."""
        pieces: list[Piece] = []
        for word in text.split():
            if self.fits(word):
                pieces.append(Piece(word))
                continue
            parts = [""]
            for character in characters(word):
                if parts[-1] and not self.fits(parts[-1] + character):
                    parts.append("")
                parts[-1] += character
            pieces += [Piece(part, glued=place > 0) for place, part in enumerate(parts)]
        return pieces

    def place(self, segment: Segment, start: int, kind: RunKind) -> None:
        """Show the words of ``segment`` from ``start`` on, behind everything else."""
        if start >= len(segment.pieces):
            return
        line = self.lines[-1] if self.lines else None
        channel = self.channel_above if line is None else line.spans[-1].segment.channel
        if channel != segment.channel:
            line = self._add_line(self._label(segment.channel))
        elif line is None:
            line = self._add_line()
        self.fill(segment, _add_span(segment, line, start, kind))

    def place_anew(self, spans: Sequence[Span]) -> None:
        """Show the words of ``spans``, which belong to no line any more, behind everything else."""
        for first, pieces in runs_of_words(spans):
            segment, start = first.segment, len(first.segment.pieces)
            segment.pieces = [*segment.pieces, *self.split(joined(pieces))]
            self.place(segment, start, first.kind)

    def fill(self, segment: Segment, tail: Span) -> None:
        """Lay the last words of ``segment`` out anew, from the active line on."""
        tail.pieces = []
        segment.placed = len(segment.pieces)
        for index in range(tail.start, len(segment.pieces)):
            longer = [*tail.pieces, segment.pieces[index]]
            text = tail.line.text_with(tail, longer)
            if not self.fits(text) and text != longer[0].text:
                if not tail.pieces:
                    tail.line.spans.remove(tail)
                    segment.spans.remove(tail)
                tail = _add_span(segment, self._add_line(), index, tail.kind)
                longer = [segment.pieces[index]]
            tail.pieces = longer

    def replace(self, span: Span, pieces: list[Piece]) -> None:
        """Change words of a line in place, if it then still fits and still says something."""
        text = span.line.text_with(span, pieces)
        if text != span.line.label and self.fits(text):
            span.pieces = pieces

    def put_above(self, lines: list[Line]) -> None:
        """Add ``lines`` above all others, with numbers that end where theirs begin."""
        first = self.lines[0].serial if self.lines else self.next_serial
        for serial, line in enumerate(lines, first - len(lines)):
            line.serial = serial
        self.lines[:0] = lines
        self._forget()

    def _add_line(self, label: str = "") -> Line:
        line = Line(self.next_serial, label)
        self.next_serial += 1
        self.lines.append(line)
        self._forget()
        return line

    def _forget(self) -> None:
        """Keep ``max_lines`` and one more: how the oldest is shown depends on the one above."""
        # Circles are cut, so that what is forgotten leaves the memory at once.
        for line in self.lines[: -self._max_lines - 1]:
            line.spans.clear()
        del self.lines[: -self._max_lines - 1]

    def _label(self, channel: str) -> str:
        label = f"{channel}:" if channel else ""
        return label if self.fits(label) else ""


def _add_span(segment: Segment, line: Line, start: int, kind: RunKind) -> Span:
    span = Span(line, segment, kind, start)
    line.spans.append(span)
    segment.spans.append(span)
    return span
