"""How one run of a session went from its beginning to its end, in numbers of bounded room."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict

from captioner.core.counts import SessionCounts
from captioner.core.events import CaptionChanged
from captioner.core.process_use import process_use
from captioner.session.durations import Durations


class RunFigures:
    """Follows the captions of a run, and tells at its end what has become of everything.

    Attributes:
        painted: How long words waited for the screen, where a window shows them.
    """

    def __init__(self, counts: SessionCounts) -> None:
        """Begin a run, at which the session has counted ``counts``."""
        self._before = counts
        self._used_s = time.process_time()
        self._latency = Durations()
        self._first_words = Durations()
        self._final = Durations()
        self.painted = Durations()

    def take(self, event: CaptionChanged) -> None:
        """Count how long a caption took."""
        segment = event.segment
        if segment.processing_ms > 0 and not segment.promoted:
            self._latency.add(segment.processing_ms)
        if event.since_speech_s is not None:
            timed = self._final if segment.is_final else self._first_words
            timed.add(1000 * event.since_speech_s)

    def summary(self, counts: SessionCounts) -> dict[str, object]:
        """Return the figures of the run, after which the session has counted ``counts``.

        Each duration is None where there was none. The memory is the most that the process ever
        had, also before the run; both it and the processor time are without the embedded engine,
        a process of its own whose log has its own.
        """
        before = self._before
        audio, audio_before = asdict(counts.audio), asdict(before.audio)
        erasure = counts.erasure - before.erasure
        return {
            "latency": self._latency.summary(),
            "first_words_after_speech": self._first_words.summary(),
            "final_after_speech": self._final.summary(),
            "response_to_painted": self.painted.summary(),
            **asdict(erasure),
            "erased_share": round(erasure.normalized, 3) if erasure.final_words else None,
            "audio_samples": {
                name: audio[name] - audio_before[name] for name in audio if name != "waiting"
            },
            "broken_by": dict(Counter(counts.reconnects) - Counter(before.reconnects)),
            "failovers": counts.failovers - before.failovers,
            **process_use(before_s=self._used_s),
        }
