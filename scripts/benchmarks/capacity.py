"""How many people the embedded engine can caption at the same time on this machine."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from captioner.measure.result import Measurement, Run
from scripts.benchmarks.table import Target, conditions, markdown

_LIMIT_MS: Final = 2000
_SECONDS: Final = 30
_AT_LEAST: Final = 2
"""The microphone and what the computer plays are two streams."""


def run() -> tuple[str, list[Target]]:
    """Measure; return a Markdown report and the target with its verdict.

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
    rows = [_row(each) for each in measured.runs]
    report = "\n\n".join(
        [
            "### Streams at once, embedded engine",
            conditions(1, "moonshine-voice", "grpcio"),
            markdown(["streams", "end of speech to final, p50", "p95", ""], rows),
            f"{measured.capacity.confidence} Runs of {_SECONDS} s, played on the same cores.",
        ]
    )
    name = f"streams at once with finals within {_LIMIT_MS / 1000:g} s for 95 in 100"
    return report, [Target(name, measured.capacity.streams, _AT_LEAST, digits=0, at_least=True)]


def _row(run: Run) -> list[str]:
    final = run.final_ms
    if final is None:
        return [str(run.streams), "–", "–", ""]  # noqa: RUF001 - none
    kept = "kept" if final.p95 <= _LIMIT_MS and not run.errors else "broken"
    return [str(run.streams), f"{final.p50:.0f} ms", f"{final.p95:.0f} ms", kept]
