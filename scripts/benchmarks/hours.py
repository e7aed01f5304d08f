"""The window after eight hours of captions, which pass faster than by the clock."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import Final, NamedTuple

from scripts.benchmarks.gui import running_desktop
from scripts.benchmarks.table import Figure, Target, conditions, markdown

_HOURS: Final = 8
_FLAT: Final = 1.10


class Hour(NamedTuple):
    """The window at the end of an hour: resident memory, and the median time of a paint."""

    memory_mb: float
    paint_ms: float


class Round(NamedTuple):
    """The second hour, after what a start leaves, and the last one."""

    second: Hour
    last: Hour


def measure() -> Round:
    """Let the window live through its hours."""
    with tempfile.TemporaryDirectory() as folder, running_desktop() as desktop:
        command = [sys.executable, "-m", "scripts.benchmarks.run_hours", folder]
        done = subprocess.run(
            [*command, "--hours", str(_HOURS)],
            env=os.environ | desktop,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    _, second, *_, last = [json.loads(line) for line in done.stdout.splitlines()]
    return Round(*(Hour(each["memory_mb"], each["paint_ms"]) for each in (second, last)))


def report(rounds: Sequence[Round]) -> tuple[str, list[Target]]:
    """Return the section of all rounds, and the targets."""
    memory = [[hour.memory_mb for hour in each] for each in rounds]
    paint = [[hour.paint_ms for hour in each] for each in rounds]
    text = "\n\n".join(
        [
            "### Eight hours of the window",
            conditions(len(rounds), "PySide6-Essentials", "grpcio") + " Accelerated.",
            markdown(
                ["from the 2nd to the 8th hour", "measured"],
                [
                    ["resident memory", _change(memory, " MB", 0)],
                    ["paint, median", _change(paint, " ms", 2)],
                ],
            ),
        ]
    )
    return text, [
        Target("memory, 8th hour : 2nd hour", [last / first for first, last in memory], _FLAT),
        Target("paint, 8th hour : 2nd hour", [last / first for first, last in paint], _FLAT),
    ]


def _change(rounds: Sequence[Sequence[float]], unit: str, digits: int) -> str:
    first, last = zip(*rounds, strict=True)
    return f"{Figure(first, unit, digits)} → {Figure(last, unit, digits)}"
