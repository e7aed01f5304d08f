"""Breaks captions into lines that stand still while they are read.

What it promises (held by property tests):

* words are only added to the active line, which is the last one, or start a new one below it;
* a line above the active one never changes where it begins or ends. A revision of its words is
  taken over in place while the line still fits and is not left empty; otherwise the line keeps
  what was shown, and the transcript alone has the truth;
* no line is wider than the limit, unless a single character is; longer words are split;
* who speaks while another speaker's words on the active line are still open waits for half a line
  of words, or for the final: two speakers at once do not take turns word by word;
* lines never become fewer, not even when words are taken back: an empty active line waits;
* at most ``max_lines`` lines are kept.

Width is whatever the measuring function says: columns of a terminal, or pixels of a font.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from captioner.transcript.alignment import map_boundaries

Measure = Callable[[str], float]

_JOINER: Final = "\N{ZERO WIDTH JOINER}"


class RunKind(StrEnum):
    """What a stretch of a line is, for its looks."""

    LABEL = "label"
    PARTIAL = "partial"
    FINAL = "final"
    MARK = "mark"


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of a line in one style. All but the first begin with their space."""

    text: str
    kind: RunKind


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line as it is to be shown.

    Attributes:
        serial: Rises by one from line to line; tells a changed line from another one.
        runs: What is on it, from left to right.
        continues: True when it begins inside the word that the line above ends with.
    """

    serial: int
    runs: tuple[Run, ...]
    continues: bool = False

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(run.text for run in self.runs)


def join_lines(lines: Sequence[ShownLine]) -> str:
    """Return the text of ``lines`` as one, with split words whole again."""
    text = ""
    for line in lines:
        text += line.text if line.continues or not text else f" {line.text}"
    return text


@dataclass(frozen=True, slots=True)
class _Piece:
    """A word, or a part of one that is wider than a line."""

    text: str
    glued: bool = False


@dataclass(slots=True, eq=False)
class _Span:
    """Neighbouring words of one segment on one line.

    ``start`` is the place of its first word in the newest text of an open segment.
    """

    line: _Line
    segment: _Segment
    kind: RunKind
    start: int = 0
    pieces: list[_Piece] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Line:
    serial: int
    label: str = ""
    spans: list[_Span] = field(default_factory=list)

    def shown(self, above: _Line | None) -> ShownLine:
        runs = [Run(self.label, RunKind.LABEL)] if self.label else []
        for span in self.spoken():
            text = _joined(span.pieces)
            runs.append(Run(f" {text}" if runs else text, span.kind))
        return ShownLine(self.serial, tuple(runs), continues=self._continues(above))

    def _continues(self, above: _Line | None) -> bool:
        """Tell whether the first word began on the line ``above``, with nothing in between."""
        here, before = self.spoken(), above.spoken() if above else []
        if self.label or not here or not before:
            return False
        return here[0].pieces[0].glued and here[0].segment is before[-1].segment

    def spoken(self) -> list[_Span]:
        """Return the spans with words."""
        return [span for span in self.spans if span.pieces]

    def text_with(self, span: _Span | None = None, pieces: Sequence[_Piece] = ()) -> str:
        """Return the line's text, as it would be with ``pieces`` in the place of ``span``."""
        texts = [self.label]
        texts += [_joined(pieces if other is span else other.pieces) for other in self.spans]
        return " ".join(filter(None, texts))


@dataclass(slots=True)
class _Segment:
    """A segment; ``placed`` of its pieces are on lines, the others wait."""

    channel: str
    pieces: list[_Piece] = field(default_factory=list)
    spans: list[_Span] = field(default_factory=list)
    placed: int = 0


class CaptionLines:
    """The lines of one overlay or terminal, newest last."""

    def __init__(self, limit: float, *, measure: Measure = len, max_lines: int = 200) -> None:
        """Begin without a line.

        Args:
            limit: Widest line, in the unit of ``measure``.
            measure: Returns the width of a text.
            max_lines: Older lines are forgotten.
        """
        self._limit = limit
        self._measure = measure
        self._max_lines = max_lines
        self._lines: list[_Line] = []
        self._serials = itertools.count()
        self._open: dict[int, _Segment] = {}
        self._newest_id = -1

    def tail(self, count: int) -> tuple[ShownLine, ...]:
        """Return the last ``count`` lines, or as many as there are; the last one is active."""
        return self.between(self.serials.stop - count, count)

    @property
    def serials(self) -> range:
        """The numbers of the lines that are kept; the last one is the active line's."""
        kept = self._lines[-self._max_lines :]
        return range(kept[0].serial, kept[-1].serial + 1) if kept else range(0)

    def between(self, serial: int, count: int) -> tuple[ShownLine, ...]:
        """Return the ``count`` lines from ``serial`` on; those that are not kept are left out."""
        kept = self.serials
        wanted = range(max(serial, kept.start), min(serial + count, kept.stop))
        if not wanted:
            return ()
        start = wanted.start - self._lines[0].serial
        lines = self._lines[start : start + len(wanted)]
        above = [self._lines[start - 1] if start else None, *lines]
        return tuple(line.shown(before) for before, line in zip(above, lines, strict=False))

    def update(self, segment_id: int, shown: str, *, is_final: bool, channel: str = "") -> None:
        """Take in what a reader may see of a segment now.

        Args:
            segment_id: Rises from segment to segment; a segment that was final is left alone.
            shown: All of its words that may be shown.
            is_final: True when they will not change again.
            channel: Who speaks; another speaker than before starts a line with the name.
        """
        segment = self._open.get(segment_id)
        if segment is None:
            if segment_id <= self._newest_id:
                return
            segment = self._open[segment_id] = _Segment(channel)
            self._newest_id = segment_id
        self._revise(segment, self._split(shown), is_final=is_final)
        if is_final:
            for span in segment.spans:
                span.kind = RunKind.FINAL
            del self._open[segment_id]

    def mark(self, text: str) -> None:
        """Add a mark that nobody said, such as that audio was lost; never twice in a row."""
        spans = (span for line in reversed(self._lines) for span in reversed(line.spans))
        last = next((span for span in spans if span.pieces), None)
        if last is not None and last.kind is RunKind.MARK:
            return
        segment = _Segment(last.segment.channel if last else "", self._split(text))
        self._place(segment, 0, RunKind.MARK)

    def set_width(self, limit: float, measure: Measure) -> None:
        """Break all lines anew, because the reader chose another width or font."""
        spans = [span for line in self._lines for span in line.spans]
        self._limit, self._measure, self._lines = limit, measure, []
        for first in reversed(spans):  # what is before the first word that is kept was forgotten
            first.segment.pieces = first.segment.pieces[: first.start]
            first.segment.placed = first.start
            first.segment.spans = []
        for first, pieces in _runs_of_words(spans):
            segment, start = first.segment, len(first.segment.pieces)
            segment.pieces = [*segment.pieces, *self._split(_joined(pieces))]
            self._place(segment, start, first.kind)

    def _revise(self, segment: _Segment, pieces: list[_Piece], *, is_final: bool) -> None:
        """Show ``pieces`` as the newest text of ``segment``, as far as the promises allow."""
        edges = map_boundaries(
            [piece.text for piece in segment.pieces],
            [piece.text for piece in pieces],
            [*(span.start for span in segment.spans), segment.placed],
        )
        segment.pieces, segment.placed = pieces, edges[-1]
        tail = segment.spans[-1] if segment.spans else None
        if tail is not None and self._lines[-1].spans[-1] is not tail:
            tail = None
        for span, start, end in zip(segment.spans, edges, edges[1:], strict=False):
            span.start = start
            if span is not tail:
                self._replace(span, pieces[start:end])
        if tail is not None:
            self._fill(segment, tail)
        elif is_final or not self._must_wait(segment):
            self._place(segment, edges[-1], RunKind.PARTIAL)

    def _must_wait(self, segment: _Segment) -> bool:
        """Tell whether another speaker is still at the active line, and there is little to add."""
        last = self._lines[-1].spans[-1].segment if self._lines else segment
        if last.channel == segment.channel or not any(last is each for each in self._open.values()):
            return False
        waiting = _joined(segment.pieces[segment.placed :])
        return self._measure(waiting) < self._limit / 2

    def _replace(self, span: _Span, pieces: list[_Piece]) -> None:
        """Change words of a line in place, if it then still fits and still says something."""
        text = span.line.text_with(span, pieces)
        if text != span.line.label and self._measure(text) <= self._limit:
            span.pieces = pieces

    def _place(self, segment: _Segment, start: int, kind: RunKind) -> None:
        """Show the words of ``segment`` from ``start`` on, behind everything else."""
        if start >= len(segment.pieces):
            return
        line = self._lines[-1] if self._lines else None
        if line is None or line.spans[-1].segment.channel != segment.channel:
            line = self._add_line(self._label(segment.channel))
        self._fill(segment, self._add_span(segment, line, start, kind))

    def _fill(self, segment: _Segment, tail: _Span) -> None:
        """Lay the last words of ``segment`` out anew, from the active line on."""
        tail.pieces = []
        segment.placed = len(segment.pieces)
        for index in range(tail.start, len(segment.pieces)):
            longer = [*tail.pieces, segment.pieces[index]]
            text = tail.line.text_with(tail, longer)
            if self._measure(text) > self._limit and text != longer[0].text:
                if not tail.pieces:
                    tail.line.spans.remove(tail)
                    segment.spans.remove(tail)
                tail = self._add_span(segment, self._add_line(), index, tail.kind)
                longer = [segment.pieces[index]]
            tail.pieces = longer

    def _add_span(self, segment: _Segment, line: _Line, start: int, kind: RunKind) -> _Span:
        span = _Span(line, segment, kind, start)
        line.spans.append(span)
        segment.spans.append(span)
        return span

    def _add_line(self, label: str = "") -> _Line:
        line = _Line(next(self._serials), label)
        self._lines.append(line)
        del self._lines[: -self._max_lines - 1]  # the oldest shown line depends on the one above
        return line

    def _label(self, channel: str) -> str:
        label = f"{channel}:" if channel else ""
        return label if self._measure(label) <= self._limit else ""

    def _split(self, text: str) -> list[_Piece]:
        pieces: list[_Piece] = []
        for word in text.split():
            if self._measure(word) <= self._limit:
                pieces.append(_Piece(word))
                continue
            parts = [""]
            for character in _characters(word):
                if parts[-1] and self._measure(parts[-1] + character) > self._limit:
                    parts.append("")
                parts[-1] += character
            pieces += [_Piece(part, glued=place > 0) for place, part in enumerate(parts)]
        return pieces


def _runs_of_words(spans: Sequence[_Span]) -> list[tuple[_Span, list[_Piece]]]:
    """Return the words of ``spans``, together where a word is split between two of them."""
    runs: list[tuple[_Span, list[_Piece]]] = []
    for span in spans:
        is_inside_word = bool(span.pieces) and span.pieces[0].glued
        if runs and is_inside_word and runs[-1][0].segment is span.segment:
            runs[-1][1].extend(span.pieces)
        else:
            runs.append((span, list(span.pieces)))
    return runs


def _joined(pieces: Sequence[_Piece]) -> str:
    text = ""
    for piece in pieces:
        text += piece.text if piece.glued or not text else f" {piece.text}"
    return text


def _characters(word: str) -> list[str]:
    """Return what a reader takes for single characters: marks stay with what they sit on."""
    characters: list[str] = []
    for code in word:
        sits_on = unicodedata.category(code).startswith("M") or code == _JOINER
        if characters and (sits_on or characters[-1].endswith(_JOINER)):
            characters[-1] += code
        else:
            characters.append(code)
    return characters
