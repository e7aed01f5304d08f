"""From measurements to what a report says of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from captioner.measure.captioned import Captioned
from captioner.measure.notices import (
    broken_streams,
    counted_streams,
    limit_and_found,
    notices,
    verdict,
)
from captioner.measure.report.blocks import Block, Grid, Heading, Paragraph
from captioner.measure.report.plots import plots
from captioner.measure.report.trials import TITLES, trial_section, trial_verdict
from captioner.measure.result import Check, Kind, Measurement, Pairing, Run, Summary

_NOTHING: Final = "\u2013"
_TITLES: Final = {
    Kind.LOAD: "Load test",
    Kind.CAPACITY: "Capacity",
    Kind.BENCH: "Accuracy and speed",
}
_PAIRINGS: Final = {
    Pairing.COUNT: "response i is matched with chunk i",
    Pairing.PROCESSED: "responses are matched with chunks by the audio that they say they cover, "
    "because the server does not answer each chunk once",
}
_DEFINITIONS: Final = (
    "Chunk to answer: from sending a chunk of audio to its answer, as NVIDIA defines latency: "
    "neither the time in which a chunk fills nor the waiting for the end of an utterance is part "
    "of it. End of speech to final: from the last speech that a final covers to the final, as "
    "readers feel it, with all waiting. First words: from the first speech of a stream to its "
    "first words. Percentiles are values that occurred, counted while all streams were open."
)


def content(results: Sequence[Measurement | Captioned]) -> Iterator[Block]:
    """Yield a report on ``results``, in the order in which they were made."""
    ordered = sorted(results, key=lambda each: each.begun_at)
    yield Heading("Measurements of a recogniser", 1)
    if len(ordered) > 1:
        yield Grid(
            ("measurement", "begun", "server", "verdict"),
            [_overview_row(each, number) for number, each in enumerate(ordered, start=1)],
            labels=4,
        )
    for number, each in enumerate(ordered, start=1):
        if isinstance(each, Captioned):
            yield from trial_section(each, number)
        else:
            yield from _section(each, number)
    if any(isinstance(each, Measurement) for each in ordered):
        yield Heading("How it was measured", 2)
        yield Paragraph(_DEFINITIONS)


def _overview_row(each: Measurement | Captioned, number: int) -> tuple[str, str, str, str]:
    if isinstance(each, Captioned):
        title, servers, came_of_it = TITLES[each.trial], each.server, trial_verdict(each)
    else:
        title, came_of_it = _TITLES[each.kind], verdict(each)
        servers = ", ".join(server.name for server in each.servers)
    return f"{number}. {title}", f"{each.begun_at:%Y-%m-%d %H:%M} UTC", servers, came_of_it


def _section(measured: Measurement, number: int) -> Iterator[Block]:
    yield Heading(f"{number}. {_TITLES[measured.kind]}: {verdict(measured)}", 2)
    for notice in notices(measured):
        yield Paragraph(notice, is_weighty=True)
    if measured.capacity is not None:
        found = measured.capacity
        largest = f"Largest number that kept the limits: {counted_streams(found.streams)}."
        yield Paragraph(largest, is_weighty=True)
        yield Paragraph(found.confidence)
    if measured.checks:
        yield Grid(("limit", "allowed", "found", "kept"), list(map(_check_row, measured.checks)))
    yield from _results(measured)
    yield from plots(measured, f"{number}-{measured.kind}")
    yield Grid(("conditions", ""), list(_conditions(measured)), labels=2)


def _results(measured: Measurement) -> Iterator[Block]:
    runs = measured.runs
    latencies = [
        (_run_name(run, measured), what, *_cells(found))
        for run in runs
        for what, found in (
            ("chunk to answer", run.chunk_ms),
            ("audio to caption", run.caption_ms),
            ("end of speech to final", run.final_ms),
            ("first words", run.first_partial_ms),
        )
        if found is not None
    ]
    if latencies:
        yield Heading("Latency in milliseconds", 3)
        header = ("run", "from, to", "p50", "p90", "p95", "p99", "most", "count")
        yield Grid(header, latencies, labels=2)
    yield Heading("Words and faults", 3)
    yield Grid(
        (
            *("run", "word errors", "character errors", "erasure", "time a second of audio"),
            *("broken streams", "behind at most", "dropped", "chunks late, p99"),
        ),
        [(_run_name(run, measured), *_faults(run)) for run in runs],
    )


def _run_name(run: Run, measured: Measurement) -> str:
    if measured.kind is Kind.BENCH:
        pace = "in real time" if run.realtime else "at full speed"
        return f"{run.server}, {run.audio}, {pace}"
    return counted_streams(run.streams)


def _cells(found: Summary) -> Iterator[str]:
    for value in (found.p50, found.p90, found.p95, found.p99, found.max):
        yield f"{value:.0f}"
    yield str(found.count)


def _faults(run: Run) -> Iterator[str]:
    words, late = run.accuracy, run.client.late_ms
    yield _NOTHING if words is None else f"{100 * words.wer:.2f} %"
    yield _NOTHING if words is None else f"{100 * words.cer:.2f} %"
    yield _NOTHING if run.erasure is None else f"{run.erasure:.3f}"
    yield _NOTHING if run.real_time_factor is None else f"{run.real_time_factor:.3f} s"
    yield broken_streams(run)
    yield _NOTHING if run.lag_s is None else f"{run.lag_s.max:.1f} s"
    yield f"{run.dropped_s:g} s"
    yield _NOTHING if late is None else f"{late.p99:.0f} ms"


def _check_row(check: Check) -> tuple[str, str, str, str]:
    limit, found = limit_and_found(check)
    return check.what, limit, found, "yes" if check.passed else "NO"


def _conditions(measured: Measurement) -> Iterator[tuple[str, str]]:
    machine, plan = measured.machine, measured.plan
    for server in measured.servers:
        tls = "TLS" if server.tls else "no TLS"
        model = server.model or "chosen by the server"
        place = "" if server.name == server.address else f" ({server.address})"
        yield "server", f"{server.name}{place}, {tls}"
        yield "asked of it", f"language {server.language}, model {model}"
    yield "begun", f"{measured.begun_at:%Y-%m-%d %H:%M:%S} UTC"
    yield "played", ", ".join(measured.audio)
    yield "sent as", f"chunks of {plan.chunk_ms} ms"
    if measured.kind is not Kind.BENCH:
        yield "measured for", f"{plan.duration_s:g} s, after {plan.ramp_s:g} s of opening streams"
    for pairing in dict.fromkeys(run.pairing for run in measured.runs if run.pairing):
        yield "answers", _PAIRINGS[pairing]
    if any(run.accuracy for run in measured.runs):
        yield "words compared as", measured.normaliser
    yield "measured by", f"Captioner {machine.captioner}, Python {machine.python}"
    yield "computer", f"{machine.processor}, {machine.cores} cores, {machine.system}"
