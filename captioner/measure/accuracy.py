"""How near recognised words are to what was said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import jiwer

from captioner.measure.result import Accuracy

NORMALISER: Final = (
    "lower case; hyphens and dashes as spaces; no punctuation but apostrophes inside words; "
    "single spaces"
)
"""What `normalised` does, for reports. Numbers are left as they are written."""

_UNSPOKEN: Final = re.compile(r"[^\w\s']")
_DASHES: Final = re.compile(r"[-\u2010-\u2015]")
_DIGITS: Final = 5


def normalised(text: str) -> str:
    """Return ``text`` as it is compared: see `NORMALISER`.

    Apostrophes inside words stay, because "its" and "it's" are different words.
    """
    spoken = _UNSPOKEN.sub(" ", _DASHES.sub(" ", text.lower().replace("\u2019", "'")))
    return " ".join(word for part in spoken.split() if (word := part.strip("'")))


def word_error_rate(reference: str, hypothesis: str) -> float:
    """Return substitutions, deletions and insertions per reference word, after normalising both."""
    return float(jiwer.wer(normalised(reference), normalised(hypothesis)))


def accuracy(pairs: Sequence[tuple[str, str]]) -> Accuracy | None:
    """Compare pairs of reference and hypothesis, all together; None where nothing was said."""
    alike = [(normalised(reference), normalised(said)) for reference, said in pairs]
    alike = [(reference, said) for reference, said in alike if reference]
    if not alike:
        return None
    references, said = [pair[0] for pair in alike], [pair[1] for pair in alike]
    words = jiwer.process_words(references, said)
    characters = jiwer.process_characters(references, said)
    return Accuracy(
        wer=round(words.wer, _DIGITS),
        cer=round(characters.cer, _DIGITS),
        words=words.hits + words.substitutions + words.deletions,
        substitutions=words.substitutions,
        deletions=words.deletions,
        insertions=words.insertions,
    )
