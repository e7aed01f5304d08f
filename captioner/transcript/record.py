"""What has been said since the program began, in order: finals, gaps, and what is open still."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain
from typing import Final

from captioner.core.events import CaptionChanged, GapMarked
from captioner.core.hypothesis import Word
from captioner.core.segment import Gap, Segment
from captioner.transcript.run_origin import run_origin_ms

MOST_ENTRIES: Final = 50_000
"""About three days and nights of talk without a pause."""

_DROPPED_AT_ONCE: Final = 1_000
_PERCENT: Final = 100


class EntryKind(StrEnum):
    """What an entry is."""

    FINAL = "final"
    PARTIAL = "partial"
    GAP = "gap"
    START = "start"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the record.

    Attributes:
        serial: Rises by one with each entry and is never reused.
        kind: What it is. Only a partial is ever replaced.
        at: When it began to be said, in seconds since 1970.
        text: What was said, or why audio was lost; empty for a start.
        channel: Who said it, as in `Segment`.
        start_ms: Where it begins, in milliseconds from the first audio of all runs.
        end_ms: Where it ends.
        confidence: As in `Segment`.
        processing_ms: As in `Segment`.
        timing: Begin, end and confidence in percent of each word, packed, because there are many
            words. Empty where they have no times.
    """

    serial: int
    kind: EntryKind
    at: float
    text: str = ""
    channel: str = ""
    start_ms: int = 0
    end_ms: int = 0
    confidence: float = 0.0
    processing_ms: float = 0.0
    timing: bytes = b""

    @property
    def is_final(self) -> bool:
        """Whether it is speech that will not change."""
        return self.kind is EntryKind.FINAL

    def as_spoken(self) -> Segment | Gap | None:
        """Return what a file has of it: finished speech with its words, or lost audio."""
        if self.kind is EntryKind.GAP:
            return Gap(self.start_ms, self.end_ms, self.text, self.channel)
        return self._as_segment() if self.is_final else None

    def _as_segment(self) -> Segment:
        timing = array("q", self.timing)
        words = zip(
            self.text.split() if timing else (),
            timing[::3],
            timing[1::3],
            timing[2::3],
            strict=True,
        )
        return Segment(
            id=self.serial,
            text=self.text,
            is_final=self.is_final,
            start_ms=self.start_ms,
            end_ms=self.end_ms,
            channel=self.channel,
            confidence=self.confidence,
            words=tuple(
                Word(text, start, end, share / _PERCENT) for text, start, end, share in words
            ),
            processing_ms=self.processing_ms,
        )


class Record:
    """Keeps the newest entries of all runs; an open one stands where it began."""

    def __init__(self, *, most: int = MOST_ENTRIES, now: Callable[[], float] = time.time) -> None:
        """Begin empty.

        Args:
            most: How many entries are kept; the oldest go first.
            now: Gives seconds since 1970.
        """
        self._most = most
        self._now = now
        self._entries: dict[int, Entry] = {}
        self._next = 0
        self._open: dict[int, int] = {}
        self._begun_at: float | None = None
        self._run_at_ms = 0.0
        self._said_until_ms = 0
        self._offset_ms: int | None = None

    def __iter__(self) -> Iterator[Entry]:
        """Go through them in order."""
        return iter(self._entries.values())

    @property
    def begun_at(self) -> float | None:
        """When the first run began, in seconds since 1970; times of entries count from there."""
        return self._begun_at

    @property
    def speakers(self) -> list[str]:
        """Who has spoken, in the order of their first words."""
        return list(dict.fromkeys(each.channel for each in self if each.channel))

    def begin_run(self) -> Entry:
        """Note that captions start anew, with times that count from their first audio."""
        now = self._now()
        if self._begun_at is None:
            self._begun_at = now
        self._run_at_ms = 1000 * (now - self._begun_at)
        self._offset_ms = None
        self._open.clear()
        return self._put(Entry(self._take_serial(), EntryKind.START, now))

    def take(self, event: CaptionChanged | GapMarked) -> Entry | None:
        """Take in an event; return the entry that is new or has changed, if one has."""
        if isinstance(event, GapMarked):
            gap, offset_ms = event.gap, self._offset_ms
            if offset_ms is None:  # before the first words of a run
                offset_ms = round(self._run_at_ms) - self._said_until_ms
            return self._put(
                Entry(
                    self._take_serial(),
                    EntryKind.GAP,
                    self._now(),
                    gap.reason,
                    gap.channel,
                    gap.start_ms + offset_ms,
                    gap.end_ms + offset_ms,
                )
            )
        return self._take_segment(event.segment, event.shown)

    def drop_oldest(self) -> bool:
        """Let the oldest go where there are too many; return whether any have gone."""
        if len(self._entries) <= self._most:
            return False
        for serial in list(self._entries)[: min(_DROPPED_AT_ONCE, self._most)]:
            del self._entries[serial]
        return True

    def _take_segment(self, segment: Segment, shown: str) -> Entry | None:
        serial = self._open.get(segment.id)
        text = segment.text if segment.is_final else shown
        if serial is None and not text:
            return None
        before = None if serial is None else self._entries.get(serial)
        offset_ms = self._offset_of(segment)
        entry = Entry(
            serial=self._take_serial() if serial is None else serial,
            kind=EntryKind.FINAL if segment.is_final else EntryKind.PARTIAL,
            at=self._now() if before is None else before.at,
            text=text,
            channel=segment.channel,
            start_ms=segment.start_ms + offset_ms,
            end_ms=segment.end_ms + offset_ms,
        )
        if segment.is_final:
            self._open.pop(segment.id, None)
            entry = replace(
                entry,
                confidence=segment.confidence,
                processing_ms=segment.processing_ms,
                timing=packed_times(segment, offset_ms),
            )
        else:
            self._open[segment.id] = entry.serial
        return self._put(entry)

    def _offset_of(self, segment: Segment) -> int:
        """Return what lies between the session's time, without pauses, and that of the record."""
        if self._offset_ms is None:
            now_ms = 1000 * (self._now() - (self._begun_at or 0.0))
            age_ms = now_ms - self._run_at_ms if self._begun_at else 0.0
            origin_ms = run_origin_ms(
                segment, said_before_ms=self._said_until_ms, run_age_ms=age_ms
            )
            self._offset_ms = round(self._run_at_ms) - origin_ms
        self._said_until_ms = max(self._said_until_ms, segment.end_ms)
        return self._offset_ms

    def _put(self, entry: Entry) -> Entry:
        if entry.is_final and not entry.text:
            self._entries.pop(entry.serial, None)
        else:
            self._entries[entry.serial] = entry
        return entry

    def _take_serial(self) -> int:
        self._next += 1
        return self._next - 1


def packed_times(segment: Segment, offset_ms: int) -> bytes:
    """Return the times of the words where each word of the text has one."""
    if len(segment.words) != len(segment.text.split()):
        return b""
    times = (
        (word.start_ms + offset_ms, word.end_ms + offset_ms, round(_PERCENT * word.confidence))
        for word in segment.words
    )
    return array("q", chain.from_iterable(times)).tobytes()
