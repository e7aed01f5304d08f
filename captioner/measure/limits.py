"""Limits that a measurement is to keep, and whether it did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from captioner.measure.result import Check, Run, Summary


@dataclass(frozen=True, slots=True)
class Limits:
    """What is asked for; None asks for nothing.

    Attributes:
        p95_ms: 95 % of the chunks are answered within so many milliseconds.
        final_p95_ms: 95 % of the finals come so many milliseconds after the end of speech.
        wer_percent: Word errors for 100 words of the reference.
        errors: Streams that may break.
    """

    p95_ms: float | None = None
    final_p95_ms: float | None = None
    wer_percent: float | None = None
    errors: int | None = None

    @property
    def bounds_latency(self) -> bool:
        """Whether any latency is limited."""
        return self.p95_ms is not None or self.final_p95_ms is not None

    def checks(self, run: Run) -> tuple[Check, ...]:
        """Return how ``run`` did."""
        return tuple(self._checks(run))

    def keeps(self, run: Run) -> bool:
        """Return whether ``run`` kept every limit."""
        return all(check.passed for check in self._checks(run))

    def _checks(self, run: Run) -> Iterator[Check]:
        if self.p95_ms is not None:
            what = "from chunk to answer, 95 %"
            yield _check(what, self.p95_ms, _p95(run.chunk_ms), "ms")
        if self.final_p95_ms is not None:
            what = "from end of speech to final, 95 %"
            yield _check(what, self.final_p95_ms, _p95(run.final_ms), "ms")
        if self.wer_percent is not None:
            found = None if run.accuracy is None else round(100 * run.accuracy.wer, 3)
            yield _check("word error rate", self.wer_percent, found, "%")
        if self.errors is not None:
            yield _check("broken streams", self.errors, sum(run.errors.values()), "")


def _p95(summary: Summary | None) -> float | None:
    return None if summary is None else summary.p95


def _check(what: str, limit: float, found: float | None, unit: str) -> Check:
    passed = found is not None and found <= limit
    return Check(what=what, limit=limit, found=found, unit=unit, passed=passed)
