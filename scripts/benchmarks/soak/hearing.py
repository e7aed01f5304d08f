"""Compares what is captioned of coded speech with what was said, as it comes.

Nothing excuses a lost word: each must be final once, in order, with its times, and only what a
device did not hear may be a gap.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from captioner.core.audio import samples_to_ms
from captioner.core.events import CaptionChanged, GapMarked, SessionEvent
from captioner.core.segment import Segment
from scripts.benchmarks.soak.endless_speech import Utterance
from tests.support.coded_speech import CodedWord
from tests.support.fault_outcome import numbers_in

_GAP_TOLERANCE_MS: Final = 500
_MOST_PROBLEMS: Final = 20


class Hearing:
    """Compares what is captioned with what was said, as it comes.

    Attributes:
        words: Words that became final, once and in their place.
        finals: Captions that became final.
        problems: What must not be, the first few.
    """

    def __init__(self) -> None:
        """Begin with nothing said."""
        self._expected: deque[CodedWord] = deque()
        self._away: deque[tuple[int, int]] = deque(maxlen=100)
        self._settled: deque[int] = deque(maxlen=1000)
        self.words = self.finals = 0
        self.problems: list[str] = []

    def expect(self, utterance: Utterance) -> None:
        """Let this be said."""
        self._expected.extend(utterance.words)

    def excuse(self, start: int, end: int) -> None:
        """Let a device have been away between two samples."""
        self._away.append((samples_to_ms(start), samples_to_ms(end)))

    def note(self, event: SessionEvent) -> None:
        """Take in what the session tells."""
        if isinstance(event, GapMarked):
            gap = event.gap
            if not any(
                start - _GAP_TOLERANCE_MS <= gap.start_ms and gap.end_ms <= end + _GAP_TOLERANCE_MS
                for start, end in self._away
            ):
                self._complain(f"a gap from {gap.start_ms} to {gap.end_ms} ms")
        elif isinstance(event, CaptionChanged):
            if event.segment.id in self._settled:
                self._complain(f"final {event.segment.id} changed")
            elif event.segment.is_final:
                self._settled.append(event.segment.id)
                self._settle(event.segment)

    def end(self) -> None:
        """Miss what never came."""
        self._miss(len(self._expected))

    def _settle(self, segment: Segment) -> None:
        self.finals += 1
        places = {}
        for number in numbers_in(segment.text):
            ahead = next((i for i, w in enumerate(self._expected) if w.number == number), None)
            if ahead is None:
                self._complain(f"w{number} came again, or was never said")
                continue
            self._miss(ahead)
            places[number] = self._expected.popleft()
            self.words += 1
        for word in segment.words:
            (number,) = numbers_in(word.text)
            place = places.get(number)
            if place is not None and (
                abs(word.start_ms - samples_to_ms(place.start)) > 1
                or abs(word.end_ms - samples_to_ms(place.end)) > 2  # noqa: PLR2004 - both ends are rounded
            ):
                self._complain(f"w{number} is at {word.start_ms} ms, not where it was said")

    def _miss(self, count: int) -> None:
        for _ in range(count):
            word = self._expected.popleft()
            self._complain(f"w{word.number} of {samples_to_ms(word.start)} ms was lost")

    def _complain(self, problem: str) -> None:
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(problem)
