"""From speech to words: which speech a caption is about, and when that was heard."""

from __future__ import annotations

import pytest

from captioner.core.audio import SAMPLE_RATE, AudioChunk
from captioner.core.events import CaptionChanged
from captioner.core.segment import Segment
from captioner.session.speech_timer import SpeechTimer

_HEARD_LATER = 100.0
"""Monotonic time at the session's beginning."""


def timer(*loud: tuple[float, float]) -> SpeechTimer:
    """Return one that heard loud audio between these moments, in chunks of 0.1 s."""
    made = SpeechTimer()
    for begin, end in loud:
        for place in range(round(10 * begin), round(10 * end)):
            start = place * SAMPLE_RATE // 10
            heard_at = _HEARD_LATER + (place + 1) / 10
            made.note_loud(AudioChunk(bytes(SAMPLE_RATE // 5), start, heard_at))
    return made


def timed(
    made: SpeechTimer, at: float, *, segment: int, processed: float, final: bool = False
) -> float | None:
    """Return what is measured of a caption at ``at``, in seconds of the session."""
    change = CaptionChanged(Segment(segment, "words", final, 0, 0), "words")
    position = round(processed * SAMPLE_RATE)
    return made.timed(change, processed=position, now=_HEARD_LATER + at).since_speech_s


def test_an_utterance_after_quiet() -> None:
    made = timer((2.0, 4.0))
    assert timed(made, 2.9, segment=0, processed=2.6) == pytest.approx(0.9)
    assert timed(made, 3.4, segment=0, processed=3.1) is None, "only the first words count"
    assert timed(made, 4.8, segment=0, processed=4.5, final=True) == pytest.approx(0.8)


def test_speech_without_a_pause_begins_where_the_last_final_ended() -> None:
    made = timer((1.0, 3.0), (3.3, 6.0))
    assert timed(made, 2.0, segment=0, processed=1.7) == pytest.approx(1.0)
    assert timed(made, 4.5, segment=0, processed=4.0, final=True) == pytest.approx(0.5)
    assert timed(made, 5.0, segment=1, processed=4.7) == pytest.approx(1.0)


def test_what_is_said_late_is_about_what_was_said_then() -> None:
    made = timer((1.0, 2.0), (5.0, 7.0))
    assert timed(made, 7.0, segment=0, processed=2.4, final=True) == pytest.approx(5.0)
    assert timed(made, 7.5, segment=1, processed=5.5) == pytest.approx(2.5)


def test_nothing_is_made_up() -> None:
    assert timed(timer(), 5.0, segment=0, processed=4.0, final=True) is None
    made = timer((1.0, 2.0))
    held_back = CaptionChanged(Segment(0, "words", is_final=False, start_ms=0, end_ms=0), "")
    assert made.timed(held_back, processed=SAMPLE_RATE, now=0.0).since_speech_s is None
    assert timed(made, 2.0, segment=0, processed=1.8) == pytest.approx(1.0)
    assert timed(made, 3.0, segment=0, processed=2.5, final=True) == pytest.approx(1.0)
    assert timed(made, 3.5, segment=1, processed=3.2) is None, "words without any new sound"
