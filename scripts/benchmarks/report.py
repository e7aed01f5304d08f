"""One report of all that was measured: Markdown for people, JSON for programs, and a drawing.

A part of the benchmark gives Markdown and targets. The figures are read from the tables, so that
what people and programs see is the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import TypeAdapter

from scripts.benchmarks.drawing import drawn
from scripts.benchmarks.table import Target, markdown

_JSON: Final = "report.json"
_MARKDOWN: Final = "report.md"
_DRAWING: Final = "targets.svg"
_PERFORMANCE: Final = "## Performance\n"
_TARGETS: Final = "### Targets"
_LABEL: Final = re.compile(r"[a-z][^\d]*", re.IGNORECASE)
_FIGURE: Final = re.compile(
    r"(?P<middle>-?\d+(?:\.\d+)?)(?P<unit>[^\d(]*)"
    r"(?:\((?P<low>-?\d+(?:\.\d+)?)–(?P<high>-?\d+(?:\.\d+)?)\))?"  # noqa: RUF001 - a range
)


@dataclass(frozen=True, slots=True)
class Part:
    """What one part of the benchmark found.

    Attributes:
        name: Of the part.
        text: Its Markdown: one or more sections of the third level.
        targets: With their verdicts.
        seconds: How long it took.
        failed: Why there is nothing of it; empty where there is.
    """

    name: str
    text: str = ""
    targets: list[Target] = field(default_factory=list)
    seconds: float = 0.0
    failed: str = ""


class Figure(NamedTuple):
    """A number of a table, and between what it lay in the rounds."""

    middle: float
    low: float
    high: float


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

    def to_markdown(self) -> str:
        """Return what people read."""
        failed = [f"{part.name}: not measured: {part.failed}" for part in self.parts if part.failed]
        texts = [part.text.strip() for part in self.parts if part.text]
        verdicts = markdown(["target", "measured", "limit", ""], [t.row() for t in self.targets])
        return "\n\n".join([*texts, _TARGETS, self.machine, verdicts, *failed]) + "\n"

    def write(self, folder: Path) -> list[Path]:
        """Write it all; return the files."""
        folder.mkdir(parents=True, exist_ok=True)
        texts = {
            _JSON: _REPORT.dump_json(self, indent=1).decode() + "\n",
            _MARKDOWN: self.to_markdown() + f"\n![how much of each limit is used]({_DRAWING})\n",
            _DRAWING: drawn(self.targets),
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

    def figures(self) -> dict[tuple[str, str, str], Figure]:
        """Return the figures of all tables by section, row and column."""
        return {key: each for part in self.parts for key, each in _figures(part.text)}


_REPORT: Final = TypeAdapter(Report)


def _figures(text: str) -> Iterator[tuple[tuple[str, str, str], Figure]]:
    section, header = "", []
    for line in text.splitlines():
        if line.startswith("#"):
            section = line.lstrip("# ")
        if not line.startswith("|"):
            header = []
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not header:
            header = cells
            continue
        labels = [cells[0], *(cell for cell in cells[1:] if _LABEL.fullmatch(cell))]
        for column, cell in list(zip(header, cells, strict=False))[1:]:
            if found := _FIGURE.fullmatch(cell):
                middle = float(found["middle"])
                low, high = (float(found[name] or middle) for name in ("low", "high"))
                yield (section, ", ".join(labels), column), Figure(middle, low, high)


def disagreements(first: Report, second: Report, *, margin: float) -> list[str]:
    """Tell which figures of the second run lie outside of the first one's spread.

    Args:
        first: A run.
        second: Another one, on the same machine.
        margin: The spread of a few rounds is widened by this share of the figure on both sides.
    """
    before = first.figures()
    return [
        f"{', '.join(key)}: {before[key].middle:g} ({before[key].low:g} to {before[key].high:g}), "
        f"then {now.middle:g}"
        for key, now in second.figures().items()
        if key in before and not _agree(before[key], now, margin)
    ]


def _agree(before: Figure, now: Figure, margin: float) -> bool:
    slack = margin * abs(before.middle)
    return now.high >= before.low - slack and now.low <= before.high + slack


def into_readme(readme: str, report: Report) -> str:
    """Return a README whose performance section has the newest tables; its other words stay.

    A section is exchanged where one of the same title stands, and else comes before the targets. A
    target is exchanged by its name, and else comes last.

    Raises:
        ValueError: It has no performance section with a table of targets.
    """
    begin = readme.index(_PERFORMANCE)
    end = readme.find("\n## ", begin + len(_PERFORMANCE))
    end = len(readme) if end < 0 else end
    performance = readme[begin:end]
    for part in report.parts:
        for section in _sections(part.text):
            performance = _with_section(performance, section)
    return readme[:begin] + _with_targets(performance, report.targets) + readme[end:]


def _sections(text: str) -> list[str]:
    return [
        f"### {each.strip()}"
        for each in re.split(r"^### ", text, flags=re.MULTILINE)
        if each.strip()
    ]


def _with_section(words: str, section: str) -> str:
    title = section.splitlines()[0]
    begin = words.find(f"{title}\n")
    if begin < 0:
        before = words.index(f"{_TARGETS}\n")
        return f"{words[:before]}{section}\n\n{words[before:]}"
    end = re.compile(r"^### ", re.MULTILINE).search(words, begin + len(title))
    return f"{words[:begin]}{section}\n\n{words[end.start() if end else len(words) :]}"


def _with_targets(words: str, targets: Sequence[Target]) -> str:
    begin = words.index("| target |", words.index(f"{_TARGETS}\n"))
    end = words.index("\n\n", begin)
    rows = {row.split("|")[1].strip(): row for row in words[begin:end].splitlines()}
    for target in targets:
        cells = target.row()
        rows[cells[0]] = "| " + " | ".join(cells) + " |"
    return words[:begin] + "\n".join(rows.values()) + words[end:]
