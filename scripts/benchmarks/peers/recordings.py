"""Recordings as every peer can read them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile

from captioner.core.audio import SAMPLE_RATE

_TAIL_S: Final = 1.5


def with_quiet(path: Path, sound: npt.NDArray[np.float32]) -> Path:
    """Write a recording with quiet behind it, in which the last final can come; return its path."""
    quiet = np.zeros(int(_TAIL_S * SAMPLE_RATE), dtype=np.float32)
    soundfile.write(path, np.concatenate([sound, quiet]), SAMPLE_RATE, subtype="PCM_16")
    return path
