"""A working year of made-up captions, and on its last day talk without a pause."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from itertools import accumulate
from typing import Final

from captioner.core.hypothesis import Word
from captioner.core.segment import Segment
from captioner.transcript.history.records import Batch, KeptSegment, Run
from captioner.transcript.history.writing import keep

_RUNS: Final = 238
_SEGMENTS: Final = 400
_SECONDS_EACH: Final = 6
_VOCABULARY: Final = 20_000
DAY_CAPTIONS: Final = 8 * 3600 // _SECONDS_EACH
"""Those of the last transcript, which has eight hours of talk."""
CAPTIONS: Final = _RUNS * _SEGMENTS + DAY_CAPTIONS


class Words:
    """Made-up words, as frequent as those of a language: the second half as often as the first.

    Attributes:
        questions: What is searched for, by what it is.
    """

    def __init__(self) -> None:
        """Make them."""
        self._random = random.Random(1)  # noqa: S311  # the same in each round
        syllables = ["ka", "lo", "mi", "tre", "sun", "vor", "pel", "da", "qui", "nost", "ber", "ly"]
        self._all = [
            "".join(self._random.choices(syllables, k=self._random.randint(1, 4))) + str(n % 10)
            for n in range(_VOCABULARY)
        ]
        self._weights = list(accumulate(1 / (n + 1) for n in range(_VOCABULARY)))
        self.questions: dict[str, Callable[[], str]] = {
            "a frequent word": lambda: self._all[self._random.randint(0, 9)],
            "a rare word": lambda: self._all[self._random.randint(5_000, _VOCABULARY - 1)],
            "two words": lambda: " ".join(self.text(2)),
            "the beginning of a word": lambda: self._random.choice(self._all)[:3],
            "a phrase": lambda: f'"{" ".join(self.text(2))}"',
        }

    def text(self, count: int) -> list[str]:
        """Return words."""
        return self._random.choices(self._all, cum_weights=self._weights, k=count)


def fill(connection: sqlite3.Connection, words: Words) -> None:
    """Write the year into an empty history."""
    for number in range(_RUNS + 1):
        began = 1_700_000_000.0 + number * 86_400
        key = f"run {number}"
        finals = []
        # The last one is a day of talk without a pause.
        for place in range(_SEGMENTS if number < _RUNS else DAY_CAPTIONS):
            at = place * _SECONDS_EACH
            said = words.text(14)
            start = at * 1000
            # As recognisers give them: each word with its times.
            timed = tuple(
                Word(word, start + 380 * n, start + 380 * n + 340, 0.9)
                for n, word in enumerate(said)
            )
            text, end = " ".join(said), start + 5300
            segment = Segment(place, text, True, start, end, confidence=0.9, words=timed)  # noqa: FBT003  # is final
            finals.append((key, KeptSegment(segment, began + at)))
        run = Run(key, began, began + len(finals) * _SECONDS_EACH, "Speakers", "Embedded engine")
        keep(connection, Batch(runs={key: run}, finals=finals))
