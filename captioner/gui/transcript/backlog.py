"""Lines that wait to be written above and below those that a reader sees first."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from captioner.transcript.record import Entry

_ABOVE: Final = 60
_BELOW: Final = 140


class Backlog:
    """Entries of a transcript, those around one place first, the others by and by.

    Attributes:
        first: What is written at once: more than a screen.
    """

    def __init__(self, entries: Sequence[Entry] = (), place: int | None = None) -> None:
        """Divide ``entries``.

        Args:
            entries: In order.
            place: Serial of the one that is read first; None for the newest.
        """
        serials = [entry.serial for entry in entries]
        middle = len(entries) if place is None else bisect_left(serials, place)
        end = min(len(entries), middle + _BELOW)
        begin = max(0, min(middle - _ABOVE, end - _ABOVE - _BELOW))
        self.first = entries[begin:end]
        self._above = {entry.serial: entry for entry in entries[:begin]}
        self._below = {entry.serial: entry for entry in reversed(entries[end:])}

    def __bool__(self) -> bool:
        """Whether any wait."""
        return bool(self._above or self._below)

    @property
    def above(self) -> list[Entry]:
        """Those that wait above what is written."""
        return list(self._above.values())

    @property
    def below(self) -> list[Entry]:
        """Those that wait below."""
        return list(reversed(self._below.values()))

    @property
    def is_at_end(self) -> bool:
        """Whether nothing waits below: the newest is written."""
        return not self._below

    def put(self, entry: Entry) -> bool:
        """Take an entry that is new or reads otherwise, if it belongs to those that wait."""
        for part in (self._above, self._below):
            if entry.serial in part:
                part[entry.serial] = entry
                return True
        if self._below and entry.serial > next(iter(self._below)):
            self._below = {entry.serial: entry, **self._below}
            return True
        return False

    def next_below(self) -> Entry | None:
        """Return the next entry below what is written; it waits no longer."""
        return self._below.popitem()[1] if self._below else None

    def next_above(self) -> Entry | None:
        """Return the next entry above."""
        return self._above.popitem()[1] if self._above else None
