"""Sound to play and sources to hear it with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.support.clips import TWO_CITIES


def _cut(target: Path, begin_s: float) -> Path:
    frames, rate = soundfile.read(TWO_CITIES.path, dtype="int16")
    first = round(begin_s * rate)
    soundfile.write(target, frames[first : first + 6 * rate // 5], rate)
    return target


@pytest.fixture
def short_clip(tmp_path: Path) -> Path:
    """1.2 seconds of speech, 48 kHz mono."""
    return _cut(tmp_path / "short.wav", 1.0)


@pytest.fixture
def other_clip(tmp_path: Path) -> Path:
    """1.2 seconds of other speech, 48 kHz mono."""
    return _cut(tmp_path / "other.wav", 20.0)


@pytest.fixture
def tone() -> NDArray[np.float64]:
    """One second of 440 Hz at half of full scale, 16 kHz."""
    tone: NDArray[np.float64] = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    return tone
