"""What a user got of coded speech, compared with what was said and with a run without faults."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from captioner.core.audio import samples_to_ms
from captioner.core.errors import CaptionerError
from captioner.core.events import CaptionChanged, GapMarked, SessionEvent
from captioner.core.segment import Gap, Segment
from tests.support.coded_speech import CodedSpeech
from tests.support.riva_server import ServedStream

_WORD: Final = re.compile(r"w(\d+)", re.IGNORECASE)


@dataclass
class Outcome:
    """What a user got.

    Attributes:
        speech: What was said.
        streams: What the server saw.
        finals: The final segments, in the order in which they became final.
        gaps: Where audio was lost.
        error: What ended the session, if anything did.
        connections: How often the client connected.
        lost_ms: How much audio was counted as lost.
        seconds: Time of the clock that all of it took.
        revised: Segments that changed after they were final.
    """

    speech: CodedSpeech
    streams: list[ServedStream] = field(default_factory=list)
    finals: list[Segment] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    error: CaptionerError | None = None
    connections: int = 0
    lost_ms: int = 0
    seconds: float = 0.0
    revised: list[Segment] = field(default_factory=list)

    def note(self, event: SessionEvent) -> None:
        """Take in what the session tells."""
        if isinstance(event, GapMarked):
            self.gaps.append(event.gap)
        if isinstance(event, CaptionChanged):
            if any(final.id == event.segment.id for final in self.finals):
                self.revised.append(event.segment)
            elif event.segment.is_final:
                self.finals.append(event.segment)

    @property
    def numbers(self) -> list[int]:
        """The words of all finals, in order."""
        return [number for segment in self.finals for number in numbers_in(segment.text)]

    def require(self, reference: Outcome | None = None, *, tolerance_ms: int = 400) -> None:
        """Check every word and every time.

        Args:
            reference: The same speech without faults; None checks against the speech alone.
                Where a segment was made final by us, utterances may end elsewhere.
            tolerance_ms: How far segments without word times may lie from the reference's.
        """
        assert self.error is None, self.error
        assert self.gaps == []
        self.require_words([word.number for word in self.speech.words])
        self.require_times()
        if reference is None or any(segment.promoted for segment in self.finals):
            return
        assert [numbers_in(s.text) for s in self.finals] == [
            numbers_in(s.text) for s in reference.finals
        ], "utterances end elsewhere"
        for segment, wanted in zip(self.finals, reference.finals, strict=True):
            allowed = 1 if segment.words else tolerance_ms
            for name in ("start_ms", "end_ms"):
                off = getattr(segment, name) - getattr(wanted, name)
                assert abs(off) <= allowed, f"{name} of {segment.text!r} is {off} ms off"

    def require_words(self, wanted: list[int]) -> None:
        """Check that each wanted word was said exactly once, in order, and no other."""
        said = self.numbers
        lost = sorted(set(wanted) - set(said))
        twice = sorted({number for number in said if said.count(number) > 1})
        made_up = sorted(set(said) - set(wanted))
        assert (lost, twice, made_up) == ([], [], []), "lost, said twice, made up"
        assert said == wanted, "out of order"
        assert self.revised == []

    def require_times(self) -> None:
        """Check word times against the samples, to the millisecond, and the order of segments."""
        places = {word.number: word for word in self.speech.words}
        for segment in self.finals:
            for word in segment.words:
                (number,) = numbers_in(word.text)
                place = places[number]
                assert abs(word.start_ms - samples_to_ms(place.start)) <= 1, word
                assert abs(word.end_ms - samples_to_ms(place.end)) <= 2, word
        for before, after in pairwise(self.finals):
            assert before.start_ms <= before.end_ms <= after.start_ms, (before, after)

    def require_all_but_gaps(self) -> None:
        """Check that only words in or at a marked gap are missing, and none was said twice."""
        assert self.error is None
        said = self.numbers
        assert said == sorted(set(said))
        missing = [word for word in self.speech.words if word.number not in said]
        unexplained = [
            word.number
            for word in missing
            if not any(
                gap.start_ms <= samples_to_ms(word.end) and samples_to_ms(word.start) <= gap.end_ms
                for gap in self.gaps
            )
        ]
        assert unexplained == []


def numbers_in(text: str) -> list[int]:
    """Return the numbers of the words in a text."""
    return [int(number) for number in _WORD.findall(text)]
