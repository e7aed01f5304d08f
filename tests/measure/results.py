"""Measurements as documents, without having measured."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from captioner.measure.accuracy import NORMALISER
from captioner.measure.result import (
    Accuracy,
    Client,
    Kind,
    Machine,
    Measurement,
    Moment,
    Plan,
    Run,
    Server,
    Summary,
)


def summary_of(middle: float) -> Summary:
    """Return a summary around ``middle``."""
    return Summary(
        count=100,
        mean=middle,
        p50=middle,
        p90=middle * 1.2,
        p95=middle * 1.4,
        p99=middle * 2,
        max=middle * 3,
    )


def run_of(streams: int = 8, **changes: Any) -> Run:  # noqa: ANN401  # fields of a run
    """Return a run in which all went well."""
    found = Run(
        server="riva.example:50051",
        audio="talk.wav",
        streams=streams,
        seconds=60,
        chunk_ms=summary_of(20 + streams),
        final_ms=summary_of(700 + streams),
        client=Client(late_ms=summary_of(1), processor=0.1, kept_up=True),
        accuracy=Accuracy(
            wer=0.0525, cer=0.02, words=119, substitutions=4, deletions=1, insertions=1
        ),
        timeline=tuple(
            Moment(at_s=at, streams=streams, chunk_p95_ms=30 + at, final_p95_ms=None, errors=0)
            for at in range(1, 5)
        ),
    )
    return found.model_copy(update=changes)


def measurement_of(*runs: Run, **changes: Any) -> Measurement:  # noqa: ANN401  # its fields
    """Return the measurement that ``runs`` make."""
    server = Server(
        name="riva.example:50051",
        address="riva.example:50051",
        tls=True,
        model="",
        language="en-US",
    )
    found = Measurement(
        kind=Kind.LOAD,
        begun_at=datetime(2026, 11, 25, 12, 30, tzinfo=UTC),
        machine=Machine(
            system="Linux", processor="Example", cores=2, python="3.11", captioner="0.1"
        ),
        servers=(server,),
        plan=Plan(streams=8, duration_s=60, ramp_s=10, chunk_ms=160),
        audio=("talk.wav",),
        normaliser=NORMALISER,
        runs=runs or (run_of(),),
    )
    return found.model_copy(update=changes)
