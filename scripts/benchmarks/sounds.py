"""Sounds made of numbers: noise, hum, music, typing, and what a room does to speech.

All are float32, mono, 16 kHz, in -1 to 1, and the same each time.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from captioner.core.audio import SAMPLE_RATE

Sound = npt.NDArray[np.float32]

_LOUDNESS: Final = 0.1
"""Root of the mean square of a sound as it is made: about as loud as speech."""

_ECHOES_S: Final = 0.5
"""Time in which the echoes of the room fall by 60 dB: a meeting room with bare walls."""

_FIRST_ECHO_S: Final = 0.012
_FRAME: Final = SAMPLE_RATE // 50
_PAUSE_DB: Final = 30.0
"""So much softer than the loudest frame is what lies between words."""
_NOTES_HZ: Final = (220.0, 261.63, 329.63, 392.0, 440.0)
_CHORDS: Final = ((0, 2, 4), (1, 2, 4), (0, 1, 3), (1, 3, 4))
_BEAT_S: Final = 0.5
_BEATS_A_CHORD: Final = 4
_KEYS_A_SECOND: Final = 5.0


def silence(length: int) -> Sound:
    """Return nothing."""
    return np.zeros(length, dtype=np.float32)


def white(length: int) -> Sound:
    """Return a hiss with as much of each frequency."""
    return _levelled(_random().standard_normal(length))


def pink(length: int) -> Sound:
    """Return a rushing with as much in each octave, as of a fan or of rain."""
    spectrum = np.fft.rfft(_random().standard_normal(length))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0
    return _levelled(np.fft.irfft(spectrum, length))


def hum(length: int) -> Sound:
    """Return the hum of the mains, with overtones."""
    moments = np.arange(length) / SAMPLE_RATE
    return _levelled(
        sum(np.sin(2 * np.pi * 50 * n * moments) / n for n in range(1, 8)) + np.zeros(length)
    )


def music(length: int) -> Sound:
    """Return chords, a tune over them, and a drum on each beat."""
    random = _random()
    made = np.zeros(length)
    beat = int(_BEAT_S * SAMPLE_RATE)
    for number, start in enumerate(range(0, length, beat)):
        moments = np.arange(min(beat, length - start)) / SAMPLE_RATE
        chord = _CHORDS[number // _BEATS_A_CHORD % len(_CHORDS)]
        for note in (*chord, int(random.integers(len(_NOTES_HZ)))):
            is_tune = note not in chord
            hertz = _NOTES_HZ[note] * (2 if is_tune else 1)
            tone = sum(np.sin(2 * np.pi * hertz * n * moments) / n**1.5 for n in range(1, 6))
            made[start : start + beat] += tone * np.exp(-2.5 * moments)
        drum = random.standard_normal(len(moments)) * np.exp(-40 * moments)
        made[start : start + beat] += 0.8 * drum
    return _levelled(made)


def typing(length: int) -> Sound:
    """Return keys that are hit in bursts, over the faint noise of a room."""
    random = _random()
    made = 0.003 * random.standard_normal(length)
    moments = np.arange(int(0.03 * SAMPLE_RATE)) / SAMPLE_RATE
    place = 0
    while place + len(moments) < length:
        click = random.standard_normal(len(moments)) * np.exp(-250 * moments)
        made[place : place + len(moments)] += random.uniform(0.2, 0.6) * click
        pause = random.exponential(1 / _KEYS_A_SECOND) if random.random() > 0.03 else 1.5  # noqa: PLR2004
        place += max(1, int(pause * SAMPLE_RATE))
    return made.astype(np.float32)


def in_a_room(speech: Sound) -> Sound:
    """Return speech as a microphone across a room hears it: as much echo as voice."""
    length = int(_ECHOES_S * SAMPLE_RATE)
    moments = np.arange(length) / SAMPLE_RATE
    echoes = _random().standard_normal(length) * 10 ** (-3 * moments / _ECHOES_S)
    echoes[: int(_FIRST_ECHO_S * SAMPLE_RATE)] = 0
    echoes /= np.sqrt(np.sum(echoes**2))
    echoes[0] = 1.0
    size = len(speech) + length
    heard = np.fft.irfft(np.fft.rfft(speech, size) * np.fft.rfft(echoes, size), size)
    heard = heard[: len(speech)]
    return (heard * (_level(speech) / _level(heard))).astype(np.float32)


def mixed(speech: Sound, laid: Sound, ratio_db: float) -> Sound:
    """Return both; ``laid`` is ``ratio_db`` below the speech where there is speech.

    Made softer as a whole where it would clip.
    """
    wanted = _level_of_speech(speech) / 10 ** (ratio_db / 20)
    both = speech + laid * (wanted / _level(laid))
    return (both / max(1.0, float(np.abs(both).max()))).astype(np.float32)


def _random() -> np.random.Generator:
    return np.random.default_rng(16)


def _level(sound: npt.NDArray[np.floating]) -> float:
    return float(np.sqrt(np.mean(np.square(sound))))


def _level_of_speech(speech: Sound) -> float:
    """Return the level of the frames that are not much softer than the loudest one."""
    frames = speech[: len(speech) // _FRAME * _FRAME].reshape(-1, _FRAME)
    power = np.mean(np.square(frames), axis=1)
    return _level(frames[power > power.max() * 10 ** (-_PAUSE_DB / 10)])


def _levelled(sound: npt.NDArray[np.floating]) -> Sound:
    made = sound * (_LOUDNESS / _level(sound))
    return np.clip(made, -1.0, 1.0).astype(np.float32)
