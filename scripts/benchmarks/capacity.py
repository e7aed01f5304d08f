"""How many people the embedded engine can caption at the same time on this machine."""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from captioner.measure.result import Measurement, Run
from scripts.benchmarks.table import Figure, Target, conditions, markdown

_LIMIT_MS: Final = 2000
_SECONDS: Final = 30
_AT_LEAST: Final = 2
"""The microphone and what the computer plays are two streams."""


@dataclass(frozen=True, slots=True)
class Try:
    """How a number of streams did.

    Attributes:
        streams: That number.
        p50_ms: From the end of speech to the final; None where there was no final.
        p95_ms: As before, for 95 in 100.
        kept: Whether the limits were kept.
    """

    streams: int
    p50_ms: float | None
    p95_ms: float | None
    kept: bool

    @classmethod
    def of(cls, run: Run) -> Try:
        """Sum a run up."""
        final = run.final_ms
        if final is None:
            return cls(run.streams, None, None, kept=False)
        return cls(run.streams, final.p50, final.p95, final.p95 <= _LIMIT_MS and not run.errors)


@dataclass(frozen=True, slots=True)
class Round:
    """What one search found.

    Attributes:
        tries: In order; some numbers more than once.
        streams: The most that kept the limits.
        confidence: How sure that is, in words.
    """

    tries: list[Try]
    streams: int
    confidence: str


def measure() -> Round:
    """Do one round: search once.

    Raises:
        RuntimeError: The search ended without a result.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "captioner", "loadtest", "--embedded", "--find-capacity"]
        command += ["--limit-final-p95", str(_LIMIT_MS), "--duration", f"{_SECONDS}s"]
        done = subprocess.run(
            [*command, "--ramp", "5s", "--out", folder], check=False, stdout=subprocess.DEVNULL
        )
        found = sorted(Path(folder).glob("*.json"))
        if not found:
            raise RuntimeError(f"captioner loadtest ended with {done.returncode} and no result")
        measured = Measurement.model_validate_json(found[0].read_bytes())
    if measured.capacity is None:
        raise RuntimeError("captioner loadtest found no capacity")
    capacity = measured.capacity
    return Round([Try.of(each) for each in measured.runs], capacity.streams, capacity.confidence)


def report(rounds: Sequence[Round]) -> tuple[str, list[Target]]:
    """Return a Markdown report of all rounds, and the target with its verdict."""
    tried = sorted({each.streams for one in rounds for each in one.tries})
    text = "\n\n".join(
        [
            "### Streams at once, embedded engine",
            conditions(len(rounds), "moonshine-voice", "grpcio"),
            markdown(
                ["streams", "end of speech to final, p50", "p95", ""],
                [_row(streams, rounds) for streams in tried],
            ),
            f"{_confidence(rounds)} Runs of {_SECONDS} s, played on the same cores.",
        ]
    )
    name = f"streams at once with finals within {_LIMIT_MS / 1000:g} s for 95 in 100"
    found = [one.streams for one in rounds]
    return text, [Target(name, found, _AT_LEAST, digits=0, at_least=True)]


def _row(streams: int, rounds: Sequence[Round]) -> list[str]:
    """Return the row of a number, over the rounds that tried it, be it more than once."""
    by_round = [[each for each in one.tries if each.streams == streams] for one in rounds]
    tried = [tries for tries in by_round if tries]
    p50 = _cell([[each.p50_ms for each in tries] for tries in tried])
    p95 = _cell([[each.p95_ms for each in tries] for tries in tried])
    # What broke once is too much, as for the search.
    kept = sum(all(each.kept for each in tries) for tries in tried)
    verdict = {0: "broken", len(tried): "kept"}.get(kept, f"kept in {kept} of {len(tried)}")
    return [str(streams), p50, p95, verdict]


def _cell(by_round: list[list[float | None]]) -> str:
    there = [[each for each in tries if each is not None] for tries in by_round]
    medians = [median(tries) for tries in there if tries]
    return str(Figure(medians or [math.nan], " ms", 0))


def _confidence(rounds: Sequence[Round]) -> str:
    """Tell how sure the number is: once where all rounds say the same."""
    said = [one.confidence for one in rounds]
    if len(set(said)) == 1:
        return said[0] if len(said) == 1 else f"In each round: {said[0]}"
    return " ".join(f"Round {number}: {each}" for number, each in enumerate(said, 1))
