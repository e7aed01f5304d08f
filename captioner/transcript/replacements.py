"""Writes words that the recogniser gets wrong as the user wants them.

A rule stands for whole words; capitals do not matter, and punctuation around the words is kept.
Where several rules fit, the one with the most words counts, and among those the first. What a rule
writes is not looked at again.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from captioner.core.hypothesis import Word

_MARKS: Final = frozenset(".,;:!?…'\"¡¿。、，！？；：؟،؛।॥·")  # noqa: RUF001  # the marks of other scripts are meant
"""Punctuation of sentences. Other signs belong to the word: "C++", "#1", "50%"."""

_SENTENCE_ENDS: Final = frozenset(".!?…。！？؟।॥")  # noqa: RUF001  # the marks of other scripts are meant
_CLAUSE_ENDS: Final = ",;:،؛、，；："  # noqa: RUF001  # the marks of other scripts are meant
_OF_SOMEBODY: Final = "'s"


@dataclass(frozen=True, slots=True)
class Reading:
    """What the recogniser says, and how it is written.

    Attributes:
        heard: As it comes from the recogniser.
        text: As it is written.
        reach: For each word of ``text``, how many words of ``heard`` it and those before rest on.
        settled: How many words of ``text`` stand whatever words may follow.
    """

    heard: str = ""
    text: str = ""
    reach: tuple[int, ...] = ()
    settled: int = 0

    def stable_chars(self, heard_chars: int) -> int:
        """Return how much of ``text`` rests on the first ``heard_chars`` of ``heard`` alone."""
        if self.text == self.heard:
            return heard_chars
        stable = len(self.heard[:heard_chars].split())
        words = sum(reached <= stable for reached in self.reach)
        return len(" ".join(self.text.split()[:words]))


@dataclass(frozen=True, slots=True)
class _Token:
    """What stands between two spaces: marks, the word as it is compared, and marks."""

    before: str
    word: str
    after: str


@dataclass(frozen=True, slots=True)
class _Rule:
    heard: tuple[_Token, ...]
    shown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    """Words from ``begin`` to ``end``, and the rule that they are written by."""

    begin: int
    end: int
    rule: _Rule | None = None
    after: str = ""


class Replacements:
    """The rules of one moment."""

    def __init__(self, rules: Iterable[tuple[str, str]] = ()) -> None:
        """Take the rules, each what is heard and what is shown for it, the first ones first."""
        self._rules: dict[str, list[_Rule]] = {}
        for heard, shown in rules:
            tokens = tuple(token for each in heard.split() if (token := _token(each)).word)
            if tokens:
                rule = _Rule(tokens, tuple(shown.split()))
                self._rules.setdefault(tokens[0].word, []).append(rule)
        for alike in self._rules.values():
            alike.sort(key=lambda rule: -len(rule.heard))

    def read(self, heard: str) -> Reading:
        """Return how ``heard`` is written."""
        raw = heard.split()
        if not self._rules:
            return Reading(heard, heard, tuple(range(1, len(raw) + 1)), len(raw))
        pieces, settled = self._cut(raw)
        written = [(text, piece.end) for piece, texts in _written(raw, pieces) for text in texts]
        return Reading(
            heard,
            " ".join(text for text, _ in written),
            tuple(end for _, end in written),
            sum(end <= settled for _, end in written),
        )

    def words(self, words: tuple[Word, ...]) -> tuple[Word, ...]:
        """Return the words with their times; a rule's words share the time of what was heard."""
        if not self._rules:
            return words
        raw = [word.text for word in words]
        return tuple(
            shared
            for piece, texts in _written(raw, self._cut(raw)[0])
            for shared in _timed(words[piece.begin : piece.end], texts)
        )

    def _cut(self, raw: Sequence[str]) -> tuple[list[_Piece], int]:
        """Return the pieces, and the number of leading words that belong to decided ones."""
        tokens = [_token(each) for each in raw]
        pieces: list[_Piece] = []
        settled = len(raw)
        begin = 0
        while begin < len(raw):
            piece = _Piece(begin, begin + 1)
            for rule in self._rules_at(tokens[begin]):
                after = _fits(rule, tokens, begin)
                if after is not None:
                    piece = _Piece(begin, begin + len(rule.heard), rule, after)
                    break
                if _may_fit(rule, tokens, begin):
                    settled = min(settled, begin)
            pieces.append(piece)
            begin = piece.end
        return pieces, settled

    def _rules_at(self, token: _Token) -> Iterable[_Rule]:
        yield from self._rules.get(token.word, ())
        if token.word.endswith(_OF_SOMEBODY):
            yield from self._rules.get(token.word.removesuffix(_OF_SOMEBODY), ())


def _fits(rule: _Rule, tokens: Sequence[_Token], begin: int) -> str | None:
    """Return the marks behind the words where ``rule`` fits, else None."""
    end = begin + len(rule.heard)
    if end > len(tokens) or not _agree(rule, tokens[begin : end - 1]):
        return None
    wanted, found = rule.heard[-1], tokens[end - 1]
    if len(rule.heard) > 1 and found.before not in ("", wanted.before):
        return None
    if found.word == wanted.word:
        return found.after.removeprefix(wanted.after)
    if found.word == wanted.word + _OF_SOMEBODY:
        return _OF_SOMEBODY + found.after
    return None


def _may_fit(rule: _Rule, tokens: Sequence[_Token], begin: int) -> bool:
    """Tell whether ``rule`` would fit if the right words followed the last one."""
    return len(tokens) - begin < len(rule.heard) and _agree(rule, tokens[begin:])


def _agree(rule: _Rule, tokens: Sequence[_Token]) -> bool:
    """Tell whether ``tokens`` are the first of ``rule``, with no sentence ending among them."""
    for place, (wanted, found) in enumerate(zip(rule.heard, tokens, strict=False)):
        if found.word != wanted.word or found.after not in ("", wanted.after):
            return False
        if place and found.before not in ("", wanted.before):
            return False
    return True


def _written(raw: Sequence[str], pieces: Iterable[_Piece]) -> list[tuple[_Piece, list[str]]]:
    """Return the words that each piece becomes.

    Where a rule leaves words out, the end of a sentence goes to the word before, and its beginning
    (a quotation mark, a capital) to the word behind.
    """
    written: list[tuple[_Piece, list[str]]] = []
    opening, begins_sentence = "", False
    for piece in pieces:
        first = raw[piece.begin]
        if piece.rule is None or piece.rule.shown:
            if piece.rule is None:
                texts = [_capitalised(first) if begins_sentence else first]
            else:
                texts = [*piece.rule.shown]
                texts[0] = _token(first).before + texts[0]
                texts[-1] += piece.after
            texts[0] = opening + texts[0]
            written.append((piece, texts))
            opening, begins_sentence = "", False
            continue
        opening += _token(first).before
        begins_sentence = begins_sentence or (
            first.removeprefix(_token(first).before)[:1].isupper() and _is_at_beginning(written)
        )
        written.append((piece, []))
        if _SENTENCE_ENDS.intersection(piece.after):
            _end_sentence(written, piece.after.removeprefix(_OF_SOMEBODY))
    return written


def _is_at_beginning(written: list[tuple[_Piece, list[str]]]) -> bool:
    before = next((texts[-1] for _, texts in reversed(written) if texts), None)
    return before is None or bool(_SENTENCE_ENDS.intersection(_token(before).after))


def _capitalised(text: str) -> str:
    """Begin ``text`` with a capital, unless it has one of its own somewhere."""
    begin = len(_token(text).before)
    return text[:begin] + text[begin:].capitalize() if text.islower() else text


def _end_sentence(written: list[tuple[_Piece, list[str]]], marks: str) -> None:
    before = next((texts for _, texts in reversed(written) if texts), None)
    if before is not None and not _SENTENCE_ENDS.intersection(before[-1][-1]):
        before[-1] = before[-1].rstrip(_CLAUSE_ENDS) + marks


def _timed(heard: Sequence[Word], texts: Sequence[str]) -> list[Word]:
    """Return ``texts`` as words that share the time of ``heard``, each by its length."""
    if len(heard) == len(texts):
        return [replace(word, text=text) for word, text in zip(heard, texts, strict=True)]
    start_ms, end_ms = heard[0].start_ms, max(heard[-1].end_ms, heard[0].start_ms)
    confidence = min(word.confidence for word in heard)
    letters = sum(map(len, texts))
    words = []
    said = 0
    for text in texts:
        begins = start_ms + (end_ms - start_ms) * said // letters
        said += len(text)
        ends = start_ms + (end_ms - start_ms) * said // letters
        words.append(Word(text, begins, ends, confidence, heard[0].speaker))
    return words


@lru_cache(maxsize=4096)
def _token(text: str) -> _Token:
    """Take ``text`` apart. Partials say the same words again and again."""
    begin, end = 0, len(text)
    while begin < end and _is_mark(text[begin]):
        begin += 1
    while end > begin and _is_mark(text[end - 1]):
        end -= 1
    word = unicodedata.normalize("NFC", text[begin:end]).casefold().replace("’", "'")  # noqa: RUF001
    return _Token(text[:begin], word, text[end:])


def _is_mark(character: str) -> bool:
    if character.isalnum():
        return False
    return character in _MARKS or unicodedata.category(character) in ("Pi", "Pf", "Ps", "Pe", "Pd")
