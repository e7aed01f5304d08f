"""How loud a chunk is."""

from __future__ import annotations

import numpy as np

from captioner.core.audio import AudioLevel

_FULL_SCALE = 32_768.0


def measure_level(pcm: bytes) -> AudioLevel:
    """Return the level of ``pcm``, 16-bit little-endian mono; silence for an empty run."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32)
    if not samples.size:
        return AudioLevel()
    samples /= _FULL_SCALE
    rms = float(np.sqrt(np.mean(np.square(samples))))
    return AudioLevel.from_amplitudes(rms=rms, peak=float(np.abs(samples).max()))
