"""What is kept of what was said."""

from __future__ import annotations

import pytest

from captioner.core.events import CaptionChanged, GapMarked
from captioner.core.hypothesis import Word
from captioner.core.segment import Gap, Segment
from captioner.transcript.record import Entry, EntryKind, Record


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def said(number: int, text: str, *, final: bool = True, channel: str = "") -> CaptionChanged:
    return CaptionChanged(Segment(number, text, final, 100, 900, channel=channel), text)


def kept(record: Record) -> list[tuple[EntryKind, str]]:
    return [(each.kind, each.text) for each in record]


def speech(record: Record) -> list[Segment]:
    return [each for entry in record if isinstance(each := entry.as_spoken(), Segment)]


def test_an_open_caption_stands_where_it_began_until_it_is_final() -> None:
    record = Record()
    record.begin_run()
    record.take(said(0, "how are", final=False, channel="Others"))
    record.take(said(1, "Fine.", channel="You"))
    record.take(GapMarked(Gap(0, 1, "The microphone was unplugged.")))
    record.take(said(0, "How are you?", channel="Others"))

    assert kept(record) == [
        (EntryKind.START, ""),
        (EntryKind.FINAL, "How are you?"),
        (EntryKind.FINAL, "Fine."),
        (EntryKind.GAP, "The microphone was unplugged."),
    ]
    assert record.speakers == ["Others", "You"]


def test_what_is_shown_of_a_partial_is_kept_and_nothing_is_kept_of_nothing() -> None:
    record = Record()

    assert (
        record.take(CaptionChanged(Segment(0, "hidden", is_final=False, start_ms=0, end_ms=1), ""))
        is None
    )
    record.take(
        CaptionChanged(Segment(0, "hello unsteady", is_final=False, start_ms=0, end_ms=1), "hello")
    )
    assert kept(record) == [(EntryKind.PARTIAL, "hello")]
    gone = record.take(said(0, ""))

    assert isinstance(gone, Entry)
    assert kept(record) == []


def test_another_run_goes_on_where_the_clock_is() -> None:
    clock = Clock()
    record = Record(now=clock)
    record.begin_run()
    clock.now += 1
    record.take(said(0, "first"))
    clock.now += 59  # of which the session has heard 4 s more
    record.begin_run()
    clock.now += 3
    heard = Segment(1, "second", is_final=True, start_ms=6_000, end_ms=8_000)
    record.take(CaptionChanged(heard, "second"))
    later = Segment(2, "third", is_final=True, start_ms=9_000, end_ms=9_500)
    record.take(CaptionChanged(later, "third"))

    first, second, third = speech(record)
    assert record.begun_at == 1000.0
    assert (first.text, first.start_ms) == ("first", 100)
    assert (second.text, second.start_ms, second.end_ms) == ("second", 61_000, 63_000)
    assert (third.start_ms, third.end_ms) == (64_000, 64_500)
    assert first.id != second.id


def test_words_come_back_with_their_times() -> None:
    words = (Word("Good", 100, 400, 0.5), Word("day", 450, 900, 0.97))
    record = Record()
    record.take(
        CaptionChanged(
            Segment(0, "Good day", is_final=True, start_ms=100, end_ms=900, words=words), "Good day"
        )
    )
    record.take(
        CaptionChanged(
            Segment(1, "Good day", is_final=True, start_ms=100, end_ms=900, words=words[:1]),
            "Good day",
        )
    )

    known, unknown = speech(record)
    assert known.words == words
    assert unknown.words == ()


@pytest.mark.parametrize("most", [1, 10])
def test_the_oldest_go_when_there_are_too_many(most: int) -> None:
    record = Record(most=most)
    for number in range(most + 1):
        record.take(said(number, f"line {number}"))

    assert record.drop_oldest()
    assert kept(record) == [(EntryKind.FINAL, f"line {most}")]
    assert not record.drop_oldest()
