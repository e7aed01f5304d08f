"""Finished text of two channels is written in the order in which it was said."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from captioner.core.audio import AudioLevel
from captioner.core.events import CaptionChanged, LevelChanged, SessionEvent
from captioner.core.segment import Segment
from captioner.sinks.time_order import TimeOrderedWriter

TIME = LevelChanged(AudioLevel())
"""Something that comes all the time."""


@dataclass
class Record:
    """A writer that keeps what it gets."""

    events: list[SessionEvent] = field(default_factory=list)
    closed: bool = False

    def write(self, event: SessionEvent) -> None:
        self.events.append(event)

    def close(self) -> None:
        self.closed = True

    @property
    def finals(self) -> list[int]:
        return [
            event.segment.id
            for event in self.events
            if isinstance(event, CaptionChanged) and event.segment.is_final
        ]


class Desk:
    """A writer in order, and the time."""

    def __init__(self) -> None:
        self.record = Record()
        self.now = 0.0
        self.writer = TimeOrderedWriter(self.record, now=lambda: self.now)

    def says(self, number: int, channel: str, start_ms: int, *, is_final: bool) -> None:
        said = Segment(
            number, f"number {number}", is_final, start_ms, start_ms + 1, channel=channel
        )
        self.writer.write(CaptionChanged(said, said.text))

    def waits(self, seconds: float) -> None:
        self.now += seconds
        self.writer.write(TIME)


def test_one_channel_is_not_held_up() -> None:
    desk = Desk()
    desk.says(0, "", 500, is_final=True)
    assert desk.record.finals == [0]


def test_a_final_waits_for_what_began_before_it() -> None:
    desk = Desk()
    desk.says(0, "Others", 1000, is_final=False)
    desk.says(1, "You", 2000, is_final=False)
    desk.says(1, "You", 2000, is_final=True)
    desk.waits(10)
    assert desk.record.finals == []
    desk.says(0, "Others", 1000, is_final=True)
    desk.waits(1.9)
    assert desk.record.finals == []
    desk.waits(0.2)
    assert desk.record.finals == [0, 1]


def test_what_began_later_holds_nothing_up() -> None:
    desk = Desk()
    desk.says(0, "You", 1000, is_final=False)
    desk.says(1, "Others", 2000, is_final=False)
    desk.says(0, "You", 1000, is_final=True)
    desk.waits(2)
    assert desk.record.finals == [0]


def test_an_utterance_without_end_is_not_waited_for_for_ever() -> None:
    desk = Desk()
    desk.says(0, "Others", 1000, is_final=False)
    desk.says(1, "You", 2000, is_final=True)
    desk.waits(29)
    assert desk.record.finals == []
    desk.waits(1)
    assert desk.record.finals == [1]


def test_the_end_writes_what_is_held() -> None:
    desk = Desk()
    desk.says(1, "You", 2000, is_final=True)
    desk.says(0, "Others", 1000, is_final=True)
    desk.writer.close()
    assert desk.record.finals == [0, 1]
    assert desk.record.closed


@st.composite
def conversations(draw: st.DrawFn) -> list[tuple[float, int, str, int, bool]]:
    """Return news in the order in which it comes: moment, id, channel, start, whether final.

    Each utterance is first heard of within 1.5 s of its beginning, and is final within 15 s more.
    """
    news = []
    number = 0
    for channel in ("You", "Others"):
        begins = 0.0
        for _ in range(draw(st.integers(0, 8))):
            begins += draw(st.floats(0.1, 5))
            first = begins + draw(st.floats(0, 1.5))
            final = first + draw(st.floats(0, 15))
            news.append((first, number, channel, round(1000 * begins), False))
            news.append((final, number, channel, round(1000 * begins), True))
            begins = final
            number += 1
    return sorted(news)


@given(conversations())
def test_whatever_is_said_is_written_once_and_in_order(
    news: list[tuple[float, int, str, int, bool]],
) -> None:
    desk = Desk()
    starts = {}
    for moment, number, channel, start_ms, is_final in news:
        while desk.now + 0.1 < moment:
            desk.waits(0.1)
        desk.now = moment
        starts[number] = start_ms
        desk.says(number, channel, start_ms, is_final=is_final)
    desk.writer.close()
    assert sorted(desk.record.finals) == sorted(starts)
    written = [starts[number] for number in desk.record.finals]
    assert written == sorted(written)
