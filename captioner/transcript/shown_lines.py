"""Lines as they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class RunKind(StrEnum):
    """What a stretch of a line is, for its looks."""

    LABEL = "label"
    PARTIAL = "partial"
    FINAL = "final"
    MARK = "mark"


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of a line in one style. All but the first begin with their space."""

    text: str
    kind: RunKind


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line as it is to be shown.

    Attributes:
        serial: Rises by one from line to line; tells a changed line from another one.
        runs: What is on it, from left to right.
        continues: True when it begins inside the word that the line above ends with.
    """

    serial: int
    runs: tuple[Run, ...]
    continues: bool = False

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(run.text for run in self.runs)


def join_lines(lines: Sequence[ShownLine]) -> str:
    """Return the text of ``lines`` as one, with split words whole again."""
    text = ""
    for line in lines:
        text += line.text if line.continues or not text else f" {line.text}"
    return text
