"""The tables of a report in README.md, so that nobody copies them by hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from scripts.benchmarks.report import TARGETS, Report
from scripts.benchmarks.table import Target

_PERFORMANCE: Final = "## Performance\n"
_TABLE: Final = "| target |"
_HEAD: Final = 2
"""Lines above the first row of a table."""
_NEWEST: Final = "Newest figures:"


def into_readme(readme: str, report: Report, *, whole: bool = False) -> str:
    """Return a README whose performance section has the newest tables; its other words stay.

    A section is exchanged where one of the same title stands, and else comes before the targets. A
    target is exchanged by its name, and else comes last; with a whole report its targets are all.
    Above the targets stand the day and the machine.

    Args:
        readme: Its text.
        report: With the newest figures.
        whole: Every part is in the report.

    Raises:
        ValueError: It has no performance section with a table of targets, or the report is not for
            a README: a quick look, or one with parts that could not be measured.
    """
    if any(part.is_quick for part in report.parts):
        raise ValueError("The report is a quick look. Measure without --quick first.")
    if failed := [part.name for part in report.parts if part.failed]:
        raise ValueError(
            f"Not measured: {', '.join(failed)}. Mend that, then run scripts/bench with --resume."
        )
    if _PERFORMANCE not in readme or _TABLE not in readme:
        raise ValueError("README.md has no section Performance with a table of targets.")
    begin = readme.index(_PERFORMANCE)
    end = readme.find("\n## ", begin + len(_PERFORMANCE))
    end = len(readme) if end < 0 else end
    performance = readme[begin:end]
    for part in report.parts:
        for section in _sections(part.text):
            performance = _with_section(performance, section)
    return readme[:begin] + _with_targets(performance, report, whole=whole) + readme[end:]


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
        before = words.index(f"{TARGETS}\n")
        return f"{words[:before]}{section}\n\n{words[before:]}"
    end = re.compile(r"^### ", re.MULTILINE).search(words, begin + len(title))
    return f"{words[:begin]}{section}\n\n{words[end.start() if end else len(words) :]}"


def _with_targets(words: str, report: Report, *, whole: bool) -> str:
    title = words.index(f"{TARGETS}\n")
    begin = words.index(_TABLE, title)
    end = words.find("\n\n", begin)
    end = len(words.rstrip()) if end < 0 else end
    table = words[begin:end].splitlines()
    rows = _rows(table[: _HEAD if whole else None], report.targets)
    kept = re.sub(rf"^{_NEWEST}.*\n\n", "", words[title + len(TARGETS) : begin].lstrip(), count=1)
    newest = f"{_NEWEST} {report.statement} Each section above has the day of its own."
    return f"{words[:title]}{TARGETS}\n\n{newest}\n\n{kept}{rows}{words[end:]}"


def _rows(table: Sequence[str], targets: Sequence[Target]) -> str:
    rows = {row.split("|")[1].strip(): row for row in table}
    for target in targets:
        cells = target.row()
        rows[cells[0]] = "| " + " | ".join(cells) + " |"
    return "\n".join(rows.values())
