"""How readings of the open utterance are put into results, so that the reader's text stays calm."""

from __future__ import annotations

from typing import Final

from captioner.core.hypothesis import Hypothesis
from captioner.engine.backend import Update
from captioner.engine.reading import (
    agreeing,
    ends_sentence,
    final_forms,
    keep_forms,
    without_punctuation,
)
from captioner.riva.options import RecognitionOptions

_STABLE: Final = 0.9
_UNSTABLE: Final = 0.1
_KEPT_WORDS: Final = 2
_GUESSED_MARKS: Final = ".,;:!?"


class Rendering:
    """Follows one stream. Knows what its client shows of the open utterance."""

    def __init__(self, options: RecognitionOptions) -> None:
        """Begin with nothing shown."""
        self._options = options
        self._shown: list[str] = []
        self._steady = 0
        self._is_doubted = False
        self._begins_sentence = True

    @property
    def has_shown(self) -> bool:
        """Whether there is a partial that a final must replace."""
        return bool(self._shown)

    def partial(
        self, tokens: list[str], position_s: float, *, is_mid_word: bool = False
    ) -> Update | None:
        """Return the results for a reading whose audio ends in the middle of speech.

        Words that the reading before has as well are the stable head. A reading that takes words
        back on which two had agreed, or that only has fewer words, is not shown before a second
        one says so too. The punctuation at the end is a guess that the next word will refute, so it
        is left out. So is the last word of more than two when the audio ends in the middle of it:
        half a word reads as another one.
        """
        if is_mid_word and len(tokens) > _KEPT_WORDS:
            tokens = tokens[:-1]
        agreed = agreeing(self._shown, tokens)
        takes_back = agreed < self._steady or agreed == len(tokens) < len(self._shown)
        if takes_back and not self._is_doubted:
            self._is_doubted = True
            return None
        last = tokens[-1].rstrip(_GUESSED_MARKS) or tokens[-1]
        return self._results([*tokens[:-1], last], agreed, position_s)

    def pause(self, tokens: list[str], position_s: float) -> Update:
        """Return the results for a reading that ends at a pause: all of it is stable."""
        return self._results(tokens, len(tokens), position_s)

    def final(self, tokens: list[str]) -> list[str]:
        """Return the tokens of the final as they are written, and begin anew."""
        shown, self._shown = self._shown, []
        self._steady = 0
        self._is_doubted = False
        tokens = final_forms(shown, self._capitalised(tokens))
        if tokens:
            self._begins_sentence = ends_sentence(tokens[-1])
        return self._written(tokens)

    def _results(self, tokens: list[str], steady: int, position_s: float) -> Update:
        tokens = self._shown = keep_forms(self._shown, self._capitalised(tokens))
        self._steady = steady
        self._is_doubted = False
        parts = ((tokens[:steady], _STABLE), (tokens[steady:], _UNSTABLE))
        return Update(
            tuple(
                Hypothesis(
                    text=" ".join(self._written(part)),
                    stability=stability,
                    audio_processed_s=position_s,
                )
                for part, stability in parts
                if part
            ),
            position_s,
        )

    def _capitalised(self, tokens: list[str]) -> list[str]:
        """Begin a sentence with a capital: read with its context, it may be the second half."""
        if not (tokens and self._begins_sentence):
            return tokens
        return [tokens[0][0].upper() + tokens[0][1:], *tokens[1:]]

    def _written(self, tokens: list[str]) -> list[str]:
        if self._options.punctuation:
            return tokens
        return without_punctuation(" ".join(tokens)).split()
