"""The embedded engine where listening is hard, beside moonshine's own; and without speech.

Both hear each recording at the same time, in real time. What has no speech is read as fast as the
engine can: a word in it is made up.
"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from captioner.core.stability import StabilityMode
from scripts.benchmarks.material import CONDITIONS, loops, recordings, speechless
from scripts.benchmarks.moonshine import read_offline
from scripts.benchmarks.record import MEASURES, Measures, Record, figures, measure, record_of
from scripts.benchmarks.table import Figure, Target, conditions, markdown

_OURS: Final = "captioner"
_THEIRS: Final = "moonshine streaming"
_SYSTEMS: Final = {
    _OURS: ("run_captioner", StabilityMode.BALANCED.value),
    _THEIRS: ("run_moonshine",),
}
_SHOWN: Final = 4
"""Measures in the table: processor time is measured where both do not run at once."""


@dataclass(slots=True)
class _Heard:
    """What was measured of one system: rounds by condition, and the loops in what it said."""

    rounds: dict[str, list[Measures]] = field(default_factory=dict)
    loops: list[str] = field(default_factory=list)

    def add(self, condition: str, records: list[Record]) -> None:
        found = measure(records, recordings(condition))
        self.rounds.setdefault(condition, []).append(found)
        self.loops += [loop for record in records for loop in loops(record.text)]

    def middle(self, condition: str) -> float:
        return Figure([each.word_error_rate for each in self.rounds[condition]]).middle


def run(rounds: int) -> tuple[str, list[Target]]:
    """Measure; return a Markdown report and the targets with their verdicts."""
    heard = {system: _Heard() for system in _SYSTEMS}
    for number in range(rounds):
        for condition in CONDITIONS:
            print(f"round {number + 1} of {rounds}: {condition} …", file=sys.stderr, flush=True)
            for system, records in _played(condition).items():
                heard[system].add(condition, records)
    paths = dict(speechless())
    by_them = read_offline(paths.values())
    made_up = {
        name: (said_by_captioner(path), said.split())
        for (name, path), said in zip(paths.items(), by_them, strict=True)
    }
    ours, theirs = heard[_OURS], heard[_THEIRS]
    worse = [each for each in CONDITIONS if ours.middle(each) > theirs.middle(each)]
    targets = [
        Target("words made up in ten minutes without speech", _total(made_up), 0, digits=0),
        Target("phrases repeated as by a model that loops", len(ours.loops), 0, digits=0),
        Target("conditions with more word errors than moonshine streaming", len(worse), 0, 0),
    ]
    return _report(rounds, heard, made_up), targets


def _played(condition: str) -> dict[str, list[Record]]:
    """Let all systems hear the recordings of a condition, each in a process of its own."""
    with ThreadPoolExecutor(len(_SYSTEMS)) as pool:
        found = pool.map(
            lambda how: [record_of(how[0], name, *how[1:]) for name in recordings(condition)],
            _SYSTEMS.values(),
        )
        return dict(zip(_SYSTEMS, found, strict=True))


def said_by_captioner(path: Path) -> list[str]:
    """Return the words that Captioner hears in a file, read as fast as the engine can."""
    done = subprocess.run(
        [sys.executable, "-m", "captioner", "transcribe", str(path)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout.split()


def _total(made_up: dict[str, tuple[list[str], list[str]]]) -> int:
    return sum(len(ours) for ours, _ in made_up.values())


def _report(
    rounds: int,
    heard: dict[str, _Heard],
    made_up: dict[str, tuple[list[str], list[str]]],
) -> str:
    header = ["condition", "system", *MEASURES[:_SHOWN]]
    rows = [
        [condition, system, *map(str, figures(found.rounds[condition])[:_SHOWN])]
        for condition in CONDITIONS
        for system, found in heard.items()
    ]
    speechless_rows = [
        [name, str(len(ours)), str(len(theirs))] for name, (ours, theirs) in made_up.items()
    ]
    return "\n\n".join(
        [
            "### Where listening is hard",
            conditions(rounds, "moonshine-voice"),
            markdown(header, rows),
            (
                "The bundled clips, with pink noise or synthesised music so many decibels below "
                "the speech, or in a room with half a second of echo; voices of espeak-ng for "
                "speakers who take turns, for 250 words a minute, and between silences of twelve "
                "seconds."
            ),
            markdown(
                ["100 s of", "words made up by captioner", "by moonshine, offline"],
                speechless_rows,
            ),
        ]
    )
