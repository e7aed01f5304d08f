"""One report of all that was measured: Markdown for people, JSON for programs, and a drawing.

To write a part: a module with the type `Round`; `measure()`, which does one round of it and tells
its progress to standard error; and `report(rounds)`, which returns `(text, targets)`. The text is
Markdown of one or more sections of the third level, with a line of `table.conditions` and tables of
`table.Figure`; each `table.Target` has its limit. Name the part in `__main__`. What raises is told
in the report, and the other parts go on.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from scripts.benchmarks.drawing import drawn
from scripts.benchmarks.figures import Key, Reading, figures
from scripts.benchmarks.pictures import pictures
from scripts.benchmarks.table import SPREAD, Figure, Target, markdown

_JSON: Final = "report.json"
_MARKDOWN: Final = "report.md"
_DRAWING: Final = "targets.svg"
TARGETS: Final = "### Targets"
"""The title above the table of verdicts, in a report and in README.md."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one part of the benchmark found.

    Attributes:
        name: Of the part.
        text: Its Markdown: one or more sections of the third level.
        targets: With their verdicts.
        seconds: How long it took.
        failed: Why there is nothing of it; empty where there is.
        rounds: How often it was measured.
        is_quick: It was a quick look, which is not for the README.
        pace: How many milliseconds the fixed piece of work of `pace` took beside each round.
    """

    name: str
    text: str = ""
    targets: list[Target] = field(default_factory=list)
    seconds: float = 0.0
    failed: str = ""
    rounds: int = 0
    is_quick: bool = False
    pace: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Report:
    """All parts of one run.

    Attributes:
        machine: On what and when.
        parts: In order.
    """

    machine: str
    parts: list[Part]

    @property
    def targets(self) -> list[Target]:
        """Of all parts."""
        return [target for part in self.parts for target in part.targets]

    @property
    def is_met(self) -> bool:
        """Whether every part ran and every target is met."""
        return all(target.met for target in self.targets) and not any(
            part.failed for part in self.parts
        )

    @property
    def statement(self) -> str:
        """What is stated of the figures: where and when, how fast the machine was, the spread."""
        measured = [each for part in self.parts for each in part.pace]
        work = "A fixed piece of work beside each round took"
        pace = f"{work} {Figure(measured, ' ms', 0)}. " if measured else ""
        return f"{self.machine} {pace}{SPREAD}"

    def figures(self) -> dict[Key, Reading]:
        """Return the figures of all tables."""
        return figures("\n\n".join(part.text for part in self.parts))

    def to_markdown(self) -> str:
        """Return what people read."""
        failed = [f"{part.name}: not measured: {part.failed}" for part in self.parts if part.failed]
        texts = [part.text.strip() for part in self.parts if part.text]
        verdicts = markdown(["target", "measured", "limit", ""], [t.row() for t in self.targets])
        return "\n\n".join([*texts, TARGETS, self.statement, verdicts, *failed]) + "\n"

    def write(self, folder: Path) -> list[Path]:
        """Write it all; return the files."""
        folder.mkdir(parents=True, exist_ok=True)
        drawings = {_DRAWING: ("how much of each limit is used", drawn(self.targets))}
        for picture, drawing in pictures(self.figures()):
            drawings[f"{picture.name}.svg"] = (f"{picture.section}: {picture.title}", drawing)
        links = [f"![{title}]({name})" for name, (title, _) in drawings.items()]
        texts = {
            _JSON: json.dumps(asdict(self), indent=1) + "\n",
            _MARKDOWN: "\n\n".join([self.to_markdown(), *links]) + "\n",
            **{name: drawing for name, (_, drawing) in drawings.items()},
        }
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        return [folder / name for name in texts]

    @staticmethod
    def read(folder: Path) -> Report:
        """Return what `write` wrote.

        Raises:
            OSError: There is none.
            pydantic.ValidationError: It is something else.
        """
        return _REPORT.validate_json((folder / _JSON).read_bytes())


_REPORT: Final = TypeAdapter(Report)
