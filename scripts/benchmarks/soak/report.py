"""What is written of soaks: the newest of each kind, its legs, and its memory over the hours."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

from scripts.benchmarks.drawing import lines
from scripts.benchmarks.soak.heap import NOTE
from scripts.benchmarks.soak.kills import DEFINITION
from scripts.benchmarks.soak.leg import ALLOWED_MB, Leg, Soak
from scripts.benchmarks.table import markdown

_TITLES: Final = {
    "faults": "A scripted server, network, device and settings that fail",
    "engine": "The embedded engine, killed now and then",
}
_NOTES: Final = {"faults": NOTE, "engine": DEFINITION}
_HOUR_S: Final = 3600.0


def write_report(what: str, soak: Soak, folder: Path) -> str:
    """Put a finished soak into the report of all kinds, and return the report."""
    soak.write(folder / f"soak-{what}.json")
    parts = ["# Soak"]
    for kind, title in _TITLES.items():
        found = Soak.read(folder / f"soak-{kind}.json")
        if found is None:
            continue
        parts += [f"## {title}", _summary(found, kind), _table(found.legs)]
        if kind in _NOTES:
            parts.append(_NOTES[kind])
        if (drawing := _memory(found.legs)) is not None:
            name = f"soak-{kind}-memory.svg"
            (folder / name).write_text(drawing, encoding="utf-8")
            parts.append(f"![Resident memory over the hours of speech]({name})")
    parts.append(
        "Memory is resident, in MB, from after the warm-up to the end; it may grow by "
        f"{ALLOWED_MB:g} MB in a leg, or by two standard errors where it goes up and down by more. "
        "Each leg is a process of its own."
    )
    report = "\n\n".join(parts)
    (folder / "soak.md").write_text(report + "\n", encoding="utf-8")
    return report


def _summary(soak: Soak, what: str) -> str:
    legs = soak.legs
    happened = sum((Counter(leg.happened) for leg in legs), Counter[str]())
    hours = sum(leg.audio_s for leg in legs) / _HOUR_S
    speed = sum(leg.audio_s for leg in legs) / sum(leg.wall_s for leg in legs)
    bad = [verdict for leg in legs for verdict in leg.verdicts]
    return (
        f"{soak.date}, `scripts/soak {what} --hours {hours:.0f}`: {hours:.1f} hours of speech at "
        f"{speed:.0f} times real time, {happened.total()} faults and changes: "
        + ", ".join(f"{name} {count}" for name, count in sorted(happened.items()))
        + ". "
        + (f"**Failed**: {'; '.join(bad)}." if bad else "Passed.")
    )


def _table(legs: list[Leg]) -> str:
    memory, left, said = list(legs[0].memory), list(legs[0].leftovers), list(legs[0].said)
    header = ["speech", "faults", *said, *(f"MB of {name}" for name in memory), "left over", ""]
    rows = [
        [
            f"{leg.audio_s / 60:.0f} min in {leg.wall_s / 60:.1f} min",
            str(sum(leg.happened.values())),
            *(leg.said[name] for name in said),
            *(str(leg.memory[name]) for name in memory),
            ", ".join(f"{name} {leg.leftovers[name]}" for name in left),
            "**failed**" if leg.verdicts else "passed",
        ]
        for leg in legs
    ]
    return markdown(header, rows)


def _memory(legs: list[Leg]) -> str | None:
    """Draw it, the legs one after the other; None where the samples were not kept."""
    series: dict[str, list[tuple[float, float | None]]] = {}
    begin_s = 0.0
    for leg in legs:
        for name, memory in leg.memory.items():
            line = series.setdefault(name, [])
            step_s = leg.audio_s / max(1, len(memory.samples))
            for number, megabytes in enumerate(memory.samples):
                line.append(((begin_s + (number + 0.5) * step_s) / _HOUR_S, megabytes))
            # A new process begins: no line joins it with the one before.
            line.append(((begin_s + leg.audio_s) / _HOUR_S, None))
        begin_s += leg.audio_s
    if not any(memory.samples for leg in legs for memory in leg.memory.values()):
        return None
    return lines("resident memory, MB", "hours of speech", series)
