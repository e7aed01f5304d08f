"""What is said of a measurement wherever it is shown."""

from __future__ import annotations

from collections.abc import Iterator

from captioner.measure.result import Check, Measurement, Run


def verdict(measured: Measurement) -> str:
    """Return what came of it, in a word or a few."""
    if not measured.is_valid:
        return "not valid"
    if not measured.is_complete:
        return "stopped early"
    if not measured.passed:
        return "failed"
    return "passed" if measured.checks else "no limits were asked for"


def notices(measured: Measurement) -> Iterator[str]:
    """Yield what a reader must know before relying on the figures."""
    if not measured.is_complete:
        yield "It was stopped before its end: these are the figures up to there."
    if any(server.is_mock for server in measured.servers):
        yield "The words are scripted: this says nothing about any recogniser."
    given_up = sum(run.given_up for run in measured.counted)
    if given_up:
        ended = "1 stream" if given_up == 1 else f"{given_up} streams"
        yield f"{ended} ended before the time, because trying again was of no use."
    if not measured.is_valid:
        yield (
            "This computer did not keep up with so many streams, so that the latencies are not "
            "those of the recogniser. Use fewer streams, or a computer with nothing else to do."
        )


def broken_streams(run: Run) -> str:
    """Return how often streams broke, by status."""
    counted = ", ".join(f"{count} {status}" for status, count in sorted(run.errors.items()))
    return counted or "0"


def counted_streams(number: int) -> str:
    """Return how many streams there are, in words."""
    return "1 stream" if number == 1 else f"{number} streams"


def limit_and_found(check: Check) -> tuple[str, str]:
    """Return the limit and what was measured, with their unit."""
    found = "nothing" if check.found is None else _figure(check.found, check.unit)
    return _figure(check.limit, check.unit), found


def _figure(value: float, unit: str) -> str:
    return f"{round(value, 1):g} {unit}".strip()
