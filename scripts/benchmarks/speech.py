"""Clips as the benchmarks see them: samples, words, and where speech begins and ends."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from captioner.core.audio import SAMPLE_RATE
from tests.support.clips import BECKETT, TWO_CITIES


@dataclass(frozen=True, slots=True)
class Recording:
    """Sound with known words.

    Attributes:
        path: The sound.
        text: The words, as they would be written.
    """

    path: Path
    text: str


CLIPS: Final = {
    name: Recording(clip.path, clip.text)
    for name, clip in {"two_cities": TWO_CITIES, "beckett": BECKETT}.items()
}

TAIL_S: Final = 1.5
"""Quiet behind what is played, in which the last final can come."""

_FRAME_S: Final = 0.02
_BETWEEN: Final = 0.5
"""Where the threshold lies between the clip's quiet (10 %) and loud (95 %) frames, in decibels."""
_BRIDGED_S: Final = 0.2
_SHORTEST_S: Final = 0.12


@dataclass(frozen=True, slots=True)
class Speech:
    """A stretch of speech between pauses, in seconds of the clip."""

    start: float
    end: float


def samples(path: Path) -> npt.NDArray[np.float32]:
    """Return a file as 16 kHz mono."""
    sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return np.asarray(soxr.resample(sound.mean(axis=1), rate, SAMPLE_RATE), dtype=np.float32)


def with_quiet(path: Path, sound: npt.NDArray[np.float32]) -> Path:
    """Write a recording with `TAIL_S` of quiet behind it, as every recogniser reads it."""
    quiet = np.zeros(int(TAIL_S * SAMPLE_RATE), dtype=np.float32)
    soundfile.write(path, np.concatenate([sound, quiet]), SAMPLE_RATE, subtype="PCM_16")
    return path


def stretches(sound: npt.NDArray[np.float32], pause_s: float) -> list[Speech]:
    """Return where speech is, judged by energy alone, so that no recogniser grades itself.

    A frame is speech when its level is nearer to the clip's loud frames than to its quiet ones.
    Pauses shorter than ``pause_s`` do not end a stretch.
    """
    length = int(_FRAME_S * SAMPLE_RATE)
    frames = sound[: len(sound) // length * length].reshape(-1, length)
    power = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
    quiet_db, loud_db = np.percentile(power, [10, 95])
    loud = power > quiet_db + _BETWEEN * (loud_db - quiet_db)
    found: list[Speech] = []
    for index in np.flatnonzero(loud):
        start = float(index) * _FRAME_S
        if found and start - found[-1].end <= max(pause_s, _BRIDGED_S):
            found[-1] = Speech(found[-1].start, start + _FRAME_S)
        else:
            found.append(Speech(start, start + _FRAME_S))
    return [speech for speech in found if speech.end - speech.start >= _SHORTEST_S]
