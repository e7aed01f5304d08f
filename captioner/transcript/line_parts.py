"""What lines of captions are made of while they are broken."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from captioner.transcript.shown_lines import Run, RunKind, ShownLine

_JOINER: Final = "\N{ZERO WIDTH JOINER}"


@dataclass(frozen=True, slots=True)
class Piece:
    """A word, or a part of one that is wider than a line."""

    text: str
    glued: bool = False


@dataclass(slots=True, eq=False)
class Span:
    """Neighbouring words of one segment on one line.

    ``start`` is the place of its first word in the newest text of an open segment.
    """

    line: Line
    segment: Segment
    kind: RunKind
    start: int = 0
    pieces: list[Piece] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Line:
    """A line, and which words are on it. ``label`` names the speaker, where another one begins."""

    serial: int
    label: str = ""
    spans: list[Span] = field(default_factory=list)

    def shown(self, above: Line | None) -> ShownLine:
        """Return it as it is to be shown below ``above``."""
        runs = [Run(self.label, RunKind.LABEL)] if self.label else []
        for span in self.spoken():
            text = joined(span.pieces)
            runs.append(Run(f" {text}" if runs else text, span.kind))
        return ShownLine(self.serial, tuple(runs), continues=self.continues(above))

    def continues(self, above: Line | None) -> bool:
        """Tell whether the first word began on the line ``above``, with nothing in between."""
        here, before = self.spoken(), above.spoken() if above else []
        if self.label or not here or not before:
            return False
        return here[0].pieces[0].glued and here[0].segment is before[-1].segment

    def spoken(self) -> list[Span]:
        """Return the spans with words."""
        return [span for span in self.spans if span.pieces]

    def text_with(self, span: Span | None = None, pieces: Sequence[Piece] = ()) -> str:
        """Return the line's text, as it would be with ``pieces`` in the place of ``span``."""
        texts = [self.label]
        texts += [joined(pieces if other is span else other.pieces) for other in self.spans]
        return " ".join(filter(None, texts))


@dataclass(slots=True)
class Segment:
    """A segment of speech; ``placed`` of its pieces are on lines, the others wait.

    ``spans`` are those that may still change: a final has none.
    """

    channel: str
    pieces: list[Piece] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    placed: int = 0


def runs_of_words(spans: Sequence[Span]) -> list[tuple[Span, list[Piece]]]:
    """Return the words of ``spans``, together where a word is split between two of them."""
    runs: list[tuple[Span, list[Piece]]] = []
    for span in spans:
        is_inside_word = bool(span.pieces) and span.pieces[0].glued
        if runs and is_inside_word and runs[-1][0].segment is span.segment:
            runs[-1][1].extend(span.pieces)
        else:
            runs.append((span, list(span.pieces)))
    return runs


def joined(pieces: Sequence[Piece]) -> str:
    """Return the text of ``pieces``, with a space before each but those glued."""
    text = ""
    for piece in pieces:
        text += piece.text if piece.glued or not text else f" {piece.text}"
    return text


def characters(word: str) -> list[str]:
    """Return what a reader takes for single characters: marks stay with what they sit on."""
    characters: list[str] = []
    for code in word:
        sits_on = unicodedata.category(code).startswith("M") or code == _JOINER
        if characters and (sits_on or characters[-1].endswith(_JOINER)):
            characters[-1] += code
        else:
            characters.append(code)
    return characters
