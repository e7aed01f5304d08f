"""What the model wrote, made fit to be shown: words compared, loops cut, context taken off.

A token is what stands between spaces, "times," for instance; its key is what it has in common with
other spellings of the word: "times".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_NOT_SPOKEN: Final = re.compile(r"[^\w'-]|_")
_DOUBLED_MARK: Final = re.compile(r"([,;:!?])[,;:.!?]*\1+|,\.")
_LONGEST_PHRASE: Final = 14
_TOLERANCE: Final = 4


def key(token: str) -> str:
    """Return what different spellings of a token have in common; empty for mere punctuation."""
    return _NOT_SPOKEN.sub("", token.casefold()).strip("'-")


def tokens_of(text: str) -> list[str]:
    """Return the tokens of what the model wrote; stray punctuation joins the word before it."""
    tokens: list[str] = []
    for token in _DOUBLED_MARK.sub(lambda found: found.group(1) or ".", text).split():
        if key(token):
            tokens.append(token)
        elif tokens and key(tokens[-1]) and tokens[-1][-1].isalnum():
            tokens[-1] += token
    return tokens


def without_punctuation(text: str) -> str:
    """Return the words alone, in lower case, as a server writes that was asked for no more."""
    return " ".join(key(token) for token in text.split())


@dataclass(frozen=True, slots=True)
class Loop:
    """A phrase that comes again and again.

    Attributes:
        start: Index of its first token.
        length: Tokens of the phrase.
        end: After the last token that belongs to the repetition, a cut-off last round included.
    """

    start: int
    length: int
    end: int

    @property
    def rounds(self) -> float:
        """How often the phrase comes."""
        return (self.end - self.start) / self.length


def find_loop(tokens: Sequence[str]) -> Loop | None:
    """Return the longest repetition that no speaker would make, if there is one.

    People do say a sentence twice. A model that has lost its way says it three times, or begins
    the third; single words need more rounds, because "no, no, no" is speech.
    """
    keys = [key(token) for token in tokens]
    best: Loop | None = None
    for length in range(1, min(_LONGEST_PHRASE, len(keys) // 2) + 1):
        start = 0
        while start + 2 * length <= len(keys):
            end = start + length
            while end < len(keys) and keys[end] == keys[end - length]:
                end += 1
            loop = Loop(start, length, end)
            if loop.rounds >= _allowed(length) and (
                best is None or loop.end - loop.start > best.end - best.start
            ):
                best = loop
            start = max(start + 1, end - length)
    return best


def _allowed(length: int) -> float:
    """Return from how many rounds on a phrase of ``length`` tokens is a loop."""
    if length == 1:
        return 6
    if length == 2:  # noqa: PLR2004 - "oh no, oh no, oh no" is speech as well
        return 5
    return 2.4 if length > 3 else 3  # noqa: PLR2004 - a longer phrase is rarer by chance


def without_loop(tokens: Sequence[str], loop: Loop) -> list[str]:
    """Return the tokens with one round of the loop left, and what follows it."""
    return [*tokens[: loop.start + loop.length], *tokens[loop.end :]]


def is_all_loop(tokens: Sequence[str], loop: Loop) -> bool:
    """Return whether there is nothing but the loop: made up from sound that is no speech."""
    return loop.start == 0 and loop.rounds >= 3 and loop.end >= 0.8 * len(tokens)  # noqa: PLR2004 - tried


def after_context(said: Sequence[str], tokens: Sequence[str]) -> list[str] | None:
    """Return the tokens that follow the words of the context.

    Args:
        said: Keys of the words that the context was already read as.
        tokens: A new reading of context and utterance together.

    Returns:
        None when it is not certain where the context ends, or nothing follows it.
    """
    keys = [key(token) for token in tokens]
    count = len(said)
    if list(said) != keys[:count]:
        where = _only_end_of(said, keys)
        if where is None:
            return None
        count = where
    return list(tokens[count:]) or None


def _only_end_of(said: Sequence[str], keys: Sequence[str]) -> int | None:
    """Return where the words ``said`` end in ``keys``, when few differ and the spot is unique."""
    costs = list(range(len(keys) + 1))
    for row, word in enumerate(said, 1):
        before, costs[0] = costs[0], row
        for column, other in enumerate(keys, 1):
            step = min(costs[column], costs[column - 1]) + 1
            before, costs[column] = costs[column], min(step, before + (word != other))
    best = min(costs)
    if best > max(1, len(said) // _TOLERANCE):
        return None
    spots = [
        column
        for column, cost in enumerate(costs)
        if column and cost == best and keys[column - 1] == said[-1]
    ]
    return spots[0] if len(spots) == 1 else None


def agreeing(before: Sequence[str], now: Sequence[str]) -> int:
    """Return how many leading tokens are the same words."""
    count = 0
    for old, new in zip(before, now, strict=False):
        if key(old) != key(new):
            break
        count += 1
    return count


def keep_forms(shown: Sequence[str], tokens: Sequence[str]) -> list[str]:
    """Return ``tokens`` with the spelling that the reader already sees.

    Each decode guesses capitals and punctuation anew; without this they would flicker under the
    reader's eye. The last word that is shown may still change its spelling: what follows a word
    decides its punctuation.
    """
    count = min(agreeing(shown, tokens), max(0, len(shown) - 1))
    return [*shown[:count], *tokens[count:]]


def final_forms(shown: Sequence[str], tokens: Sequence[str]) -> list[str]:
    """Return the tokens of a final, spelled as the reader sees them but for sentence ends.

    Where a sentence ends, the final knows best; commas and capitals are a matter of taste, and
    changing them under the reader's eye costs more than it gives.
    """
    spelled = keep_forms(shown, tokens)
    takes_over = False
    for index, token in enumerate(tokens):
        differs = ends_sentence(token) is not ends_sentence(spelled[index])
        if differs or takes_over:
            spelled[index] = token
        # The capital of the next word belongs to the sentence end.
        takes_over = differs
    return spelled


def ends_sentence(token: str) -> bool:
    """Return whether a sentence ends with this token."""
    return token.rstrip("'\")").endswith((".", "!", "?"))
