"""Local agreement of two: how a recogniser that does not stream is made to.

What was heard is recognised again and again. A word is confirmed, and shown, once two hypotheses
that follow one another agree on it and on all words before it (Macháček et al., "Turning Whisper
into Real-Time Transcription System", 2023). A confirmed word is never taken back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final

_MARKS: Final = " .,;:!?-\u2013\u2014\"'\u2018\u2019\u201c\u201d"


@dataclass(frozen=True, slots=True)
class Word:
    """A recognised word and where it lies, in seconds of the recording."""

    text: str
    start: float
    end: float

    def is_like(self, other: Word) -> bool:
        """True when both are the same word, however written."""
        return self.text.strip(_MARKS).lower() == other.text.strip(_MARKS).lower()


@dataclass(slots=True)
class LocalAgreement:
    """The confirmed words of one utterance, and the hypothesis that is not."""

    confirmed: list[Word] = field(default_factory=list)
    open: list[Word] = field(default_factory=list)

    def take(self, hypothesis: list[Word]) -> None:
        """Confirm what ``hypothesis`` and the one before have in common.

        A hypothesis covers the whole utterance; its words that lie where confirmed ones do are
        passed over.
        """
        until = self.confirmed[-1].end if self.confirmed else float("-inf")
        fresh = [word for word in hypothesis if (word.start + word.end) / 2 > until]
        agreed = sum(
            1
            for _ in takewhile(
                lambda pair: pair[0].is_like(pair[1]), zip(fresh, self.open, strict=False)
            )
        )
        self.confirmed += fresh[:agreed]
        self.open = fresh[agreed:]

    @property
    def shown(self) -> str:
        """The confirmed words."""
        return _joined(self.confirmed)

    @property
    def whole(self) -> str:
        """All words, as they are taken when the utterance has ended."""
        return _joined([*self.confirmed, *self.open])


def _joined(words: list[Word]) -> str:
    return " ".join(word.text.strip() for word in words)
