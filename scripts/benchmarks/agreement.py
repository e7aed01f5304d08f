"""Whether a second run of the benchmark agrees with the first one.

The spread of a figure is what its rounds lay between, widened on both sides by a share of the
figure: a few rounds on a machine with other work do not show all of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from scripts.benchmarks.figures import Figure, Key, figures
from scripts.benchmarks.report import Report


@dataclass(slots=True)
class Agreement:
    """What two runs say of each other.

    Attributes:
        compared: How many figures both have.
        differences: What does not agree, a sentence each.
        alone: Parts that only one of them has measured; nothing is said of these.
    """

    compared: int = 0
    differences: list[str] = field(default_factory=list)
    alone: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether there was something to compare, and all of it agrees."""
        return self.compared > 0 and not self.differences


def agreement(first: Report, second: Report, *, margin: float) -> Agreement:
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
            found.differences.append(f"{part.name}: not measured again: {other.failed}")
        else:
            _compare(found, figures(part.text), figures(other.text), margin)
            again = {target.name: target.met for target in other.targets}
            found.differences += [
                f"{target.name}: first {_verdict(target.met)}, then {_verdict(again[target.name])}"
                for target in part.targets
                if again.get(target.name, target.met) != target.met
            ]
    found.alone += now
    return found


def _compare(
    found: Agreement, first: dict[Key, Figure], second: dict[Key, Figure], margin: float
) -> None:
    found.compared += len(first.keys() & second.keys())
    for key, before in first.items():
        was = f"{', '.join(key)}: {before.middle:g} ({before.low:g} to {before.high:g})"
        now = second.get(key)
        if now is None:
            found.differences.append(f"{was}, then not there")
        elif not before.agrees(now, margin):
            found.differences.append(f"{was}, then {now.middle:g}")
    found.differences += [
        f"{', '.join(key)}: first not there, then {second[key].middle:g}"
        for key in second
        if key not in first
    ]


def _verdict(met: bool) -> str:  # noqa: FBT001 - the verdict itself
    return "met" if met else "missed"
