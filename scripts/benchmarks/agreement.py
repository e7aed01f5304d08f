"""Whether a second run of the benchmark agrees with the first one.

The spread of a figure is what its rounds lay between, widened on both sides by a share of the
figure: a few rounds on a machine with other work do not show all of it. Where the machine itself
was slower or faster beside the rounds of a part, its times may be longer or shorter by as much. The
spread is stated for most figures, not for all: of hundreds some always lie outside.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median

from scripts.benchmarks.figures import Key, Reading, figures
from scripts.benchmarks.report import Part, Report
from scripts.benchmarks.table import MARGIN, SHARE


@dataclass(slots=True)
class Agreement:
    """What two runs say of each other.

    Attributes:
        compared: How many figures either has.
        outside: Figures of the second run that leave the spread of the first, a sentence each.
        contradictions: Verdicts that changed though they were not close, parts that failed.
        close: Verdicts that changed, and might: the limit lies within the spread.
        alone: Parts that only one of them has measured; nothing is said of these.
        pace: By part, how many times as long as beside the first run the fixed piece of work took.
    """

    compared: int = 0
    outside: list[str] = field(default_factory=list)
    contradictions: list[str] = field(default_factory=list)
    close: list[str] = field(default_factory=list)
    alone: list[str] = field(default_factory=list)
    pace: dict[str, float] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether there was something to compare, and it agrees as stated."""
        return (
            self.compared > 0
            and not self.contradictions
            and len(self.outside) <= (1 - SHARE) * self.compared
        )


def agreement(first: Report, second: Report, *, margin: float = MARGIN) -> Agreement:
    """Compare two runs on the same machine.

    Args:
        first: Its spread is what counts.
        second: Its medians, verdicts and parts are looked at.
        margin: The share of a figure by which its spread is widened on both sides.
    """
    found = Agreement()
    now = {part.name: part for part in second.parts}
    for part in first.parts:
        other = now.pop(part.name, None)
        if part.failed or other is None:
            found.alone.append(part.name)
        elif other.failed:
            found.contradictions.append(f"{part.name}: not measured again: {other.failed}")
        else:
            if part.pace and other.pace:
                found.pace[part.name] = median(other.pace) / median(part.pace)
            pace = found.pace.get(part.name, 1.0)
            _compare_figures(found, figures(part.text), figures(other.text), margin, pace)
            _compare_verdicts(found, part, other, margin)
    found.alone += now
    return found


def _compare_figures(
    found: Agreement,
    first: dict[Key, Reading],
    second: dict[Key, Reading],
    margin: float,
    pace: float,
) -> None:
    found.compared += len(first.keys() | second.keys())
    for key, before in first.items():
        was = f"{', '.join(key)}: {before.middle:g} ({before.low:g} to {before.high:g})"
        now = second.get(key)
        if now is None:
            found.outside.append(f"{was}, then not there")
        elif not before.agrees(now, margin, pace):
            found.outside.append(f"{was}, then {now.middle:g}")
    found.outside += [
        f"{', '.join(key)}: first not there, then {second[key].middle:g}"
        for key in second
        if key not in first
    ]


def _compare_verdicts(found: Agreement, first: Part, second: Part, margin: float) -> None:
    again = {target.name: target for target in second.targets}
    for target in first.targets:
        other = again.get(target.name, target)
        if other.met != target.met:
            kind = found.close if target.is_close(margin) else found.contradictions
            kind.append(f"{target.name}: first {_verdict(target.met)}, then {_verdict(other.met)}")


def _verdict(met: bool) -> str:  # noqa: FBT001 - the verdict itself
    return "met" if met else "missed"
