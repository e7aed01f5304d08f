"""What a recogniser says about the audio it has heard so far."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word.

    Attributes:
        text: The word as it is written, punctuation included.
        start_ms: Where it begins, in milliseconds since the first audio of the session.
        end_ms: Where it ends, on the same scale.
        confidence: The recogniser's own number; 0.0 means that it gave none.
        speaker: Speaker number from diarization, 0 when there is none.
    """

    text: str
    start_ms: int
    end_ms: int
    confidence: float = 0.0
    speaker: int = 0


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """The recogniser's present reading of the open utterance of one channel.

    A later hypothesis replaces an earlier one whole. Only ``is_final`` closes the utterance.

    Attributes:
        text: The whole utterance so far, without leading or trailing space.
        is_final: True once, for the last reading of an utterance.
        stability: 0.0 (may change entirely) to 1.0 (will hardly change). Partials only.
        confidence: The recogniser's own number; 0.0 means that it gave none.
        words: Word times, when the recogniser was asked for them (usually finals only).
        audio_processed_s: Seconds of audio that the recogniser has worked through.
        stable_chars: How many leading characters of ``text`` the recogniser marks as stable.
    """

    text: str
    is_final: bool = False
    stability: float = 0.0
    confidence: float = 0.0
    words: tuple[Word, ...] = ()
    audio_processed_s: float = 0.0
    stable_chars: int = 0
