"""Sound to play and sources to hear it with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.support.clips import BECKETT, TWO_CITIES


def _cut(clip: Path, target: Path, seconds: float) -> Path:
    frames, rate = soundfile.read(clip, dtype="int16")
    first = int(np.argmax(np.abs(frames) > 1000))  # skip the silence before the first word
    soundfile.write(target, frames[first : first + round(seconds * rate)], rate)
    return target


@pytest.fixture
def short_clip(tmp_path: Path) -> Path:
    """Two seconds of speech, 48 kHz mono."""
    return _cut(TWO_CITIES.path, tmp_path / "short.wav", 2.0)


@pytest.fixture
def other_clip(tmp_path: Path) -> Path:
    """Two seconds of other speech, 16 kHz mono."""
    return _cut(BECKETT.path, tmp_path / "other.wav", 2.0)


@pytest.fixture
def tone() -> NDArray[np.float64]:
    """One second of 440 Hz at half of full scale, 16 kHz."""
    tone: NDArray[np.float64] = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    return tone
