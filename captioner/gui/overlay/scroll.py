"""Where the reader is in the lines: live at the newest ones, or held somewhere. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from captioner.transcript.shown_lines import RunKind, ShownLine


class ScrollPosition:
    """Which line is at the top. Held, it stays there until `go_live`, whatever comes."""

    def __init__(self) -> None:
        """Begin live, without a line."""
        self._kept = range(0)
        self._rows = 1
        self._held_top: int | None = None
        self._seen_end = 0

    @property
    def is_held(self) -> bool:
        """True from the first scroll or `hold` to `go_live`."""
        return self._held_top is not None

    @property
    def rows(self) -> int:
        """How many lines are visible."""
        return self._rows

    @property
    def top(self) -> int:
        """Number of the line in the first row."""
        if self._held_top is None:
            return self._last_top
        return max(self._held_top, self._kept.start)

    @property
    def end(self) -> int:
        """One more than the number of the last line that may be painted."""
        return self._seen_end if self.is_held else self._kept.stop

    @property
    def new_lines(self) -> int:
        """How many lines have come, since it is held, that the reader has not scrolled to."""
        return self._kept.stop - self._seen_end if self.is_held else 0

    @property
    def _last_top(self) -> int:
        return max(self._kept.start, self._kept.stop - self._rows)

    def keep(self, kept: range) -> int:
        """Take in which lines there are; return by how many lines a live view moves on."""
        before, self._kept = self.top, kept
        return 0 if self.is_held else self.top - before

    def show_rows(self, rows: int) -> None:
        """Take in how many lines are visible."""
        self._rows = max(1, rows)

    def hold(self) -> None:
        """Stay here."""
        if not self.is_held:
            self._held_top, self._seen_end = self.top, self._kept.stop

    def go_live(self) -> None:
        """Follow the newest lines."""
        self._held_top = None

    def scroll(self, lines: int) -> None:
        """Hold, and go ``lines`` further down, or back up if it is negative."""
        self.hold()
        self._held_top = min(max(self.top + lines, self._kept.start), self._last_top)
        self._seen_end = max(self._seen_end, min(self._held_top + self._rows, self._kept.stop))

    def broken_anew(self, before: tuple[ShownLine, ...], after: tuple[ShownLine, ...]) -> None:
        """Stay at the same words, because all lines begin elsewhere now.

        Args:
            before: All lines as they were.
            after: All lines as they are.
        """
        top, end = self.top, self._seen_end
        self._kept = range(after[0].serial, after[-1].serial + 1) if after else range(0)
        if self.is_held:
            self._held_top = same_place(top, before, after)
            self._seen_end = same_place(end, before, after)


def same_place(serial: int, before: Iterable[ShownLine], after: tuple[ShownLine, ...]) -> int:
    """Return the line of ``after`` with the words that line ``serial`` of ``before`` began with.

    Counted from the end: the oldest words may be forgotten in between, the newest are not.
    """
    below = sum(_letters(line) for line in before if line.serial >= serial)
    place = after[-1].serial + 1 if after else 0
    for line in reversed(after):
        if below <= 0:
            break
        below -= _letters(line)
        place = line.serial
    return place


def _letters(line: ShownLine) -> int:
    words = (run.text for run in line.runs if run.kind is not RunKind.LABEL)
    return sum(not letter.isspace() for text in words for letter in text)
