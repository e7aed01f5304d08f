"""Speech clips with known words, and the word error rate that every test and report uses.

The clips come inside the ``moonshine-voice`` wheel, so nothing is downloaded or kept here.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from captioner.audio.sample import SAMPLE_TEXT
from captioner.measure.accuracy import normalised, word_error_rate

__all__ = ["BECKETT", "TWO_CITIES", "Clip", "clip_folder", "normalised", "word_error_rate"]


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
    SAMPLE_TEXT,
)

BECKETT: Final = Clip(
    "beckett.wav",  # 16 kHz mono, 10.0 s
    "Ever tried. Ever failed. No matter. Try again. Fail again. Fail better.",
)
