"""What is counted for collectors: amounts that only grow, and what waits at the moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from captioner.core.audio import SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class AudioCounts:
    """What became of audio, in samples.

    Attributes:
        captured: What sources gave.
        sent: What recognisers were sent; what is replayed counts again.
        processed: What recognisers, by all we know, have worked through of it.
        dropped: What no recogniser heard.
        waiting: What waits to be sent now.
    """

    captured: int = 0
    sent: int = 0
    processed: int = 0
    dropped: int = 0
    waiting: int = 0

    def __add__(self, other: AudioCounts) -> AudioCounts:
        """Return both together."""
        return AudioCounts(
            self.captured + other.captured,
            self.sent + other.sent,
            self.processed + other.processed,
            self.dropped + other.dropped,
            self.waiting + other.waiting,
        )


@dataclass(frozen=True, slots=True)
class ErasureCounts:
    """What readers saw change.

    Attributes:
        revisions: How often words that were shown were taken back.
        erased_words: How many words that were.
        final_words: Words of finals.
    """

    revisions: int = 0
    erased_words: int = 0
    final_words: int = 0

    def __add__(self, other: ErasureCounts) -> ErasureCounts:
        """Return both together."""
        return ErasureCounts(
            self.revisions + other.revisions,
            self.erased_words + other.erased_words,
            self.final_words + other.final_words,
        )

    def __sub__(self, before: ErasureCounts) -> ErasureCounts:
        """Return what came since ``before``."""
        return ErasureCounts(
            self.revisions - before.revisions,
            self.erased_words - before.erased_words,
            self.final_words - before.final_words,
        )

    @property
    def normalized(self) -> float:
        """Words taken back for each word of the finals; 0.0 before the first final."""
        return self.erased_words / self.final_words if self.final_words else 0.0


@dataclass(frozen=True, slots=True)
class SessionCounts:
    """What a session has counted since it was made, over all its runs.

    Attributes:
        audio: What became of the audio of all channels.
        erasure: What readers saw change.
        reconnects: How often a stream stood again after one had broken, by category of the error
            that broke it.
        failovers: How often the preferred server was left for another one.
        lag_s: Seconds of audio that the recogniser is behind now.
        standing_in: How many of the sessions have another server than the preferred one now.
    """

    audio: AudioCounts = AudioCounts()
    erasure: ErasureCounts = ErasureCounts()
    reconnects: Mapping[str, int] = field(default_factory=dict)
    failovers: int = 0
    lag_s: float = 0.0
    standing_in: int = 0

    def __add__(self, other: SessionCounts) -> SessionCounts:
        """Return both together; the one that is further behind tells how far."""
        return SessionCounts(
            self.audio + other.audio,
            self.erasure + other.erasure,
            Counter(self.reconnects) + Counter(other.reconnects),
            self.failovers + other.failovers,
            max(self.lag_s, other.lag_s),
            self.standing_in + other.standing_in,
        )

    @property
    def past(self) -> SessionCounts:
        """What of it stays once the session is gone."""
        return replace(self, audio=replace(self.audio, waiting=0), lag_s=0.0, standing_in=0)


@dataclass(frozen=True, slots=True)
class EngineCounts:
    """What the embedded engine has counted since its start.

    Attributes:
        is_ready: Whether the model is loaded.
        streams: Calls that are served now.
        most_streams: How many may be.
        refused: Calls that found no place.
        heard: Audio that was taken in, in samples.
        decode_s: Seconds that were spent on decoding, of all decoders.
    """

    is_ready: bool = False
    streams: int = 0
    most_streams: int = 0
    refused: int = 0
    heard: int = 0
    decode_s: float = 0.0

    def __add__(self, other: EngineCounts) -> EngineCounts:
        """Return both together."""
        return EngineCounts(
            self.is_ready or other.is_ready,
            self.streams + other.streams,
            self.most_streams + other.most_streams,
            self.refused + other.refused,
            self.heard + other.heard,
            self.decode_s + other.decode_s,
        )

    @property
    def real_time_factor(self) -> float:
        """Seconds of decoding for each second of audio; 0.0 before there was any."""
        return self.decode_s * SAMPLE_RATE / self.heard if self.heard else 0.0

    @property
    def past(self) -> EngineCounts:
        """What of it stays once the engine is gone."""
        return replace(self, is_ready=False, streams=0, most_streams=0)
