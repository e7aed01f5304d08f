"""Audio as it travels from a source to a recogniser: 16 kHz, mono, signed 16-bit little-endian."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, TypeAlias

from captioner.core.errors import AudioDeviceError

SAMPLE_RATE: Final = 16_000
"""Samples per second of everything after the resampler."""

BYTES_PER_SAMPLE: Final = 2

SILENT_DBFS: Final = -120.0
"""The level reported for digital silence, where the logarithm has no value."""


def samples_to_ms(samples: int) -> int:
    """Return the duration of ``samples`` at 16 kHz in whole milliseconds, rounded down."""
    return samples * 1000 // SAMPLE_RATE


def ms_to_samples(milliseconds: float) -> int:
    """Return how many samples at 16 kHz ``milliseconds`` last, rounded to the nearest sample."""
    return round(milliseconds * SAMPLE_RATE / 1000)


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """A short run of audio, as it leaves a source.

    Attributes:
        pcm: 16 kHz mono s16le; a whole number of samples, never empty.
        start: Position of the first sample, in samples since the source was first opened. It stays
            linear over reopened devices and dropped audio: lost samples are counted, not skipped.
        captured_at: ``time.monotonic()`` in seconds when the last sample of the chunk was heard.
        lost_before: Samples lost right before this chunk (overflow, a device that was away).
        delivered_at: When the device had given out that sample, by the same clock; 0 where no
            device did.
    """

    pcm: bytes
    start: int
    captured_at: float
    lost_before: int = 0
    delivered_at: float = 0.0

    @property
    def samples(self) -> int:
        """Length in samples."""
        return len(self.pcm) // BYTES_PER_SAMPLE

    @property
    def end(self) -> int:
        """Position just after the last sample."""
        return self.start + self.samples


@dataclass(frozen=True, slots=True)
class AudioLevel:
    """How loud a chunk was.

    Attributes:
        rms_dbfs: Root mean square, in decibels relative to full scale (0 loudest, -120 silence).
        peak_dbfs: Largest sample, in the same unit.
    """

    rms_dbfs: float = SILENT_DBFS
    peak_dbfs: float = SILENT_DBFS

    @classmethod
    def from_amplitudes(cls, rms: float, peak: float) -> AudioLevel:
        """Build a level from linear amplitudes, 1.0 being full scale."""
        return cls(rms_dbfs=_dbfs(rms), peak_dbfs=_dbfs(peak))


@dataclass(frozen=True, slots=True)
class SourceOpened:
    """A device (or file) is being heard from here on.

    Attributes:
        kind: "system", "microphone", "file" or "stdin".
        name: The device's or the file's name, as a person knows it.
    """

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class SourceLost:
    """The device went away, or cannot be opened; the source keeps trying by itself.

    Attributes:
        error: What happened, and what the user can do.
    """

    error: AudioDeviceError


@dataclass(frozen=True, slots=True)
class SourceCondition:
    """What the system knows of a device that is heard; told when it changes.

    Attributes:
        silenced_by: "mute" or "volume" where the device is muted or turned down to nothing, though
            there would be something to hear.
        plays_elsewhere: Another output on which something plays, while nothing does on this one.
    """

    silenced_by: str = ""
    plays_elsewhere: str = ""

    @property
    def is_telling(self) -> bool:
        """Whether it explains silence."""
        return bool(self.silenced_by or self.plays_elsewhere)


SourceItem: TypeAlias = AudioChunk | SourceOpened | SourceLost | SourceCondition
"""What a source yields, in the order in which it happened."""


def _dbfs(amplitude: float) -> float:
    return max(SILENT_DBFS, 20 * math.log10(amplitude)) if amplitude > 0 else SILENT_DBFS
