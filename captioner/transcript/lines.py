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

Another width breaks all lines anew. Where there are many, the newest are enough at first:
`set_width` leaves the older ones to `break_older`, which can be done bit by bit.

Width is whatever the measuring function says: columns of a terminal, or pixels of a font.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

from captioner.transcript.alignment import map_boundaries
from captioner.transcript.line_breaker import LineBreaker, Measure
from captioner.transcript.line_parts import Line, Piece, Segment, joined
from captioner.transcript.older_lines import OlderLines
from captioner.transcript.shown_lines import RunKind, ShownLine

_ROOM: Final = 1_000_000
"""Numbers left free for older lines when they are broken later: no number is used twice."""


class CaptionLines:
    """The lines of one overlay or terminal, newest last."""

    def __init__(self, limit: float, *, measure: Measure = len, max_lines: int = 200) -> None:
        """Begin without a line.

        Args:
            limit: Widest line, in the unit of ``measure``.
            measure: Returns the width of a text.
            max_lines: Older lines are forgotten.
        """
        self._max_lines = max_lines
        self._breaker = LineBreaker(limit, measure, max_lines=max_lines)
        self._older: OlderLines | None = None
        self._open: dict[int, Segment] = {}
        self._newest_id = -1

    def tail(self, count: int) -> tuple[ShownLine, ...]:
        """Return the last ``count`` lines, or as many as there are; the last one is active."""
        return self.between(self.serials.stop - count, count)

    @property
    def serials(self) -> range:
        """The numbers of the lines that are kept; the last one is the active line's."""
        lines = self._breaker.lines
        if not lines:
            return range(0)
        return range(lines[max(0, len(lines) - self._max_lines)].serial, lines[-1].serial + 1)

    @property
    def has_older(self) -> bool:
        """True while older lines wait for `break_older`; they are not among ``serials`` yet."""
        return self._older is not None

    def between(self, serial: int, count: int) -> tuple[ShownLine, ...]:
        """Return the ``count`` lines from ``serial`` on; those that are not kept are left out."""
        kept = self.serials
        wanted = range(max(serial, kept.start), min(serial + count, kept.stop))
        if not wanted:
            return ()
        lines = self._breaker.lines
        start = wanted.start - lines[0].serial
        above = lines[start - 1] if start else None
        return _shown(lines[start : start + len(wanted)], above=above)

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
            segment = self._open[segment_id] = Segment(channel)
            self._newest_id = segment_id
        self._revise(segment, self._breaker.split(shown), is_final=is_final)
        if is_final:
            for span in segment.spans:
                span.kind = RunKind.FINAL
            segment.spans = []
            del self._open[segment_id]
        self._forget_older()

    def mark(self, text: str) -> None:
        """Add a mark that nobody said, such as that audio was lost; never twice in a row."""
        spans = (span for line in reversed(self._breaker.lines) for span in reversed(line.spans))
        last = next((span for span in spans if span.pieces), None)
        if last is not None and last.kind is RunKind.MARK:
            return
        segment = Segment(last.segment.channel if last else "", self._breaker.split(text))
        self._breaker.place(segment, 0, RunKind.MARK)

    def set_width(
        self, limit: float, measure: Measure, *, at_once: int | None = None
    ) -> tuple[ShownLine, ...]:
        """Break lines anew, because the reader chose another width or font.

        Args:
            limit: Widest line from now on.
            measure: Returns the width of a text from now on.
            at_once: So many of the newest lines, or a few more, are broken now; None means all.

        Returns:
            The lines that are broken now, as they were before.
        """
        lines = self._breaker.lines
        waiting = list(self._older.lines) if self._older else []
        if at_once is None:
            waiting, lines = [], [*waiting, *lines]
        else:
            cut = self._cut(at_once)
            waiting, lines = [*waiting, *lines[:cut]], lines[cut:]
        before = _shown(lines, above=waiting[-1] if waiting else None)
        self._breaker = LineBreaker(
            limit,
            measure,
            max_lines=self._max_lines,
            next_serial=self._breaker.next_serial + (_ROOM if waiting else 0),
        )
        self._older = None
        if waiting:
            anew = LineBreaker(limit, measure, max_lines=self._max_lines)
            self._older = OlderLines(waiting, anew)
            self._breaker.channel_above = self._older.last_channel
        spans = [span for line in lines for span in line.spans]
        for first in reversed(spans):  # what is before the first word is above, or was forgotten
            first.segment.pieces = first.segment.pieces[: first.start]
            first.segment.placed = first.start
            first.segment.spans = []
        self._breaker.place_anew(spans)
        return before

    def break_older(self, words: int = sys.maxsize) -> tuple[ShownLine, ...]:
        """Break about so many more words of the lines that `set_width` left.

        Returns:
            When that was the last of them, the older lines as they were before; else nothing.
        """
        older = self._older
        if older is None or not older.break_some(words):
            return ()
        self._older = None
        self._breaker.put_above(older.done)
        return _shown(older.lines, above=None)

    def _cut(self, count: int) -> int:
        """Return the place of the first of the newest ``count`` lines; they must stand alone."""
        lines = self._breaker.lines
        cut = max(0, len(lines) - count)
        for segment in self._open.values():
            for span in segment.spans:
                cut = max(0, min(cut, span.line.serial - lines[0].serial))
        while cut > 0 and lines[cut].continues(lines[cut - 1]):
            cut -= 1
        return cut

    def _forget_older(self) -> None:
        if len(self._breaker.lines) > self._max_lines:
            self._older = None

    def _revise(self, segment: Segment, pieces: list[Piece], *, is_final: bool) -> None:
        """Show ``pieces`` as the newest text of ``segment``, as far as the promises allow."""
        edges = map_boundaries(
            [piece.text for piece in segment.pieces],
            [piece.text for piece in pieces],
            [*(span.start for span in segment.spans), segment.placed],
        )
        segment.pieces, segment.placed = pieces, edges[-1]
        tail = segment.spans[-1] if segment.spans else None
        if tail is not None and self._breaker.lines[-1].spans[-1] is not tail:
            tail = None
        for span, start, end in zip(segment.spans, edges, edges[1:], strict=False):
            span.start = start
            if span is not tail:
                self._breaker.replace(span, pieces[start:end])
        if tail is not None:
            self._breaker.fill(segment, tail)
        elif is_final or not self._must_wait(segment):
            self._breaker.place(segment, edges[-1], RunKind.PARTIAL)

    def _must_wait(self, segment: Segment) -> bool:
        """Tell whether another speaker is still at the active line, and there is little to add."""
        lines = self._breaker.lines
        last = lines[-1].spans[-1].segment if lines else segment
        if last.channel == segment.channel or not any(last is each for each in self._open.values()):
            return False
        waiting = joined(segment.pieces[segment.placed :])
        return self._breaker.is_short(waiting)


def _shown(lines: Sequence[Line], *, above: Line | None) -> tuple[ShownLine, ...]:
    lines_above = [above, *lines[:-1]]
    return tuple(line.shown(before) for before, line in zip(lines_above, lines, strict=False))
