"""Limits that a measurement is to keep, and whether it did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final

from captioner.measure.result import Check, Run, Summary

_NAMES: Final = {
    "p95_ms": ("from chunk to answer, 95 %", "ms"),
    "final_p95_ms": ("from end of speech to final, 95 %", "ms"),
    "wer_percent": ("word error rate", "%"),
    "errors": ("broken streams", ""),
}


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
        return self.checks_over([run])

    def checks_over(self, runs: Sequence[Run]) -> tuple[Check, ...]:
        """Return how several runs of one recogniser did together: words in sum, latencies each."""
        words = [run.accuracy for run in runs if run.accuracy is not None]
        spoken = sum(each.words for each in words)
        wrong = sum(each.substitutions + each.deletions + each.insertions for each in words)
        found = {
            "wer_percent": round(100 * wrong / spoken, 3) if spoken else None,
            "p95_ms": _most(run.chunk_ms for run in runs),
            "final_p95_ms": _most(run.final_ms for run in runs),
            "errors": float(sum(sum(run.errors.values()) for run in runs)),
        }
        return tuple(self._judged(found))

    def keeps(self, run: Run) -> bool:
        """Return whether ``run`` kept every limit."""
        return all(check.passed for check in self.checks(run))

    def _judged(self, found: Mapping[str, float | None]) -> Iterator[Check]:
        for field in fields(self):
            limit = getattr(self, field.name)
            if limit is not None:
                what, unit = _NAMES[field.name]
                value = found[field.name]
                passed = value is not None and value <= limit
                yield Check(what=what, limit=limit, found=value, unit=unit, passed=passed)


def _most(summaries: Iterable[Summary | None]) -> float | None:
    return max((each.p95 for each in summaries if each is not None), default=None)
