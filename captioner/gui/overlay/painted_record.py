"""What the reader has really seen."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from captioner.gui.overlay.scroll import same_place
from captioner.transcript.shown_lines import ShownLine, join_lines


class PaintedRecord:
    """What was really painted: each line as the reader saw it last, in order, bounded."""

    def __init__(self, max_lines: int) -> None:
        """Begin with nothing painted; keep the last ``max_lines`` lines."""
        self._lines: OrderedDict[int, ShownLine] = OrderedDict()
        self._max_lines = max_lines

    def add(self, lines: Sequence[ShownLine]) -> None:
        """Note that ``lines`` are on the screen now."""
        for line in lines:
            self._lines[line.serial] = line
        self._trim()

    def broken_anew(self, before: tuple[ShownLine, ...], after: tuple[ShownLine, ...]) -> None:
        """Go on with lines that begin elsewhere; what was painted is painted once all the same.

        Args:
            before: The lines as they were.
            after: The same words, on other lines.
        """
        replaced = {line.serial for line in before} & self._lines.keys()
        if not replaced:
            return
        place = same_place(max(replaced) + 1, before, after)
        for serial in replaced:
            del self._lines[serial]
        self.add([line for line in after if line.serial < place])
        self._lines = OrderedDict(sorted(self._lines.items()))

    @property
    def is_empty(self) -> bool:
        """True before the first word was painted."""
        return not self._lines

    @property
    def text(self) -> str:
        """The text that has gone by, with words that were split between lines whole again."""
        lines = [self._lines[serial] for serial in sorted(self._lines)]
        return join_lines([line for line in lines if line.text])

    def _trim(self) -> None:
        while len(self._lines) > self._max_lines:
            self._lines.popitem(last=False)
