"""Speech clips with known words, and the word error rate that every test and report uses.

The clips come inside the ``moonshine-voice`` wheel, so nothing is downloaded or kept here.
"""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import jiwer

_UNSPOKEN: Final = re.compile(r"[^\w\s']")
_DASHES: Final = re.compile(r"[-\u2010-\u2015]")


def clip_folder() -> Path:
    """Return the folder of the bundled clips, without importing the engine's native library."""
    spec = importlib.util.find_spec("moonshine_voice")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "assets"


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording of speech and what is said in it.

    Attributes:
        file_name: Name inside the folder of the bundled clips.
        text: The words, as they would be written.
    """

    file_name: str
    text: str

    @property
    def path(self) -> Path:
        """Where the recording lies."""
        return clip_folder() / self.file_name


TWO_CITIES: Final = Clip(
    "two_cities.wav",  # 48 kHz mono, 44.4 s
    "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age "
    "of foolishness, it was the epoch of belief, it was the epoch of incredulity, it was the "
    "season of light, it was the season of darkness, it was the spring of hope, it was the winter "
    "of despair, we had everything before us, we had nothing before us, we were all going direct "
    "to heaven, we were all going direct the other way. In short, the period was so far like the "
    "present period, that some of its noisiest authorities insisted on its being received, for "
    "good or for evil, in the superlative degree of comparison only.",
)

BECKETT: Final = Clip(
    "beckett.wav",  # 16 kHz mono, 10.0 s
    "Ever tried. Ever failed. No matter. Try again. Fail again. Fail better.",
)


def normalised(text: str) -> str:
    """Return ``text`` as it is compared: lower case, hyphens as spaces, no other punctuation.

    Apostrophes inside words stay, because "its" and "it's" are different words.
    """
    spoken = _UNSPOKEN.sub(" ", _DASHES.sub(" ", text.lower().replace("\u2019", "'")))
    return " ".join(word.strip("'") for word in spoken.split())


def word_error_rate(reference: str, hypothesis: str) -> float:
    """Return substitutions, deletions and insertions per reference word, after normalising both."""
    return float(jiwer.wer(normalised(reference), normalised(hypothesis)))
