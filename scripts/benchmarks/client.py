"""Captioner's client of the Riva protocol against NVIDIA's own, in real time, in turn.

Both stream the same audio in the same chunks to the same server, each in a process of its own. A
consumer has an answer when it holds it in the form in which its client gives it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from scripts.benchmarks.streams import (
    CHUNK_S,
    ClientRecord,
    Delays,
    Plan,
    ServerRecord,
    delays,
    most,
    percentile,
)
from scripts.benchmarks.table import Figure, Target, conditions, markdown

_OURS: Final = "captioner"
_THEIRS: Final = "nvidia-riva-client"
_MODULES: Final = {_OURS: "run_riva_captioner", _THEIRS: "run_riva_nvidia"}
_TRIES: Final = 2
"""A number of streams has failed when it fails so often: this machine may have other work."""
_BUSY: Final = 0.95
"""A server that uses more of its core may be what the client waits for."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How long is measured, and how far is searched.

    Attributes:
        warm_up_s: Streaming before anything is measured.
        one_s: Measured seconds of a single stream.
        many_s: Measured seconds of each number of streams that is tried.
        first: Number of streams that is tried first.
        at_most: No more streams than this are tried.
        within: How near the limit the search ends, as a part of it.
    """

    warm_up_s: float = 2.0
    one_s: float = 30.0
    many_s: float = 5.0
    first: int = 256
    at_most: int = 2048
    within: float = 0.06


@dataclass(frozen=True, slots=True)
class Run:
    """What was measured of one client.

    Attributes:
        streams: How many it had.
        processor: Its processor time a second of audio, in seconds.
        server_share: The part of one core that the server used.
        delays: The ways of all chunks and answers.
        broken: Streams that had to be opened again.
    """

    streams: int
    processor: float
    server_share: float
    delays: Delays
    broken: int

    @property
    def keeps_up(self) -> bool:
        """Whether 99 % of the answers are there one chunk's length after their chunk was due."""
        return self.broken == 0 and percentile(self.delays.whole, 99) <= CHUNK_S


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of one run of one client.

    Attributes:
        streams: How many it had.
        processor: Its processor time a second of audio, in seconds.
        server_share: The part of one core that the server used.
        ways: Percentiles of the ways of chunks and answers in milliseconds, by column.
    """

    streams: int
    processor: float
    server_share: float
    ways: dict[str, float]

    @classmethod
    def of(cls, run: Run) -> Told:
        """Sum a run up."""
        sides = {"to server": run.delays.there, "to consumer": run.delays.back}
        ways = {
            f"{side}, p{percent}": 1000 * percentile(times, percent)
            for side, times in sides.items()
            for percent in (50, 99)
        }
        return cls(run.streams, run.processor, run.server_share, ways)


@dataclass(frozen=True, slots=True)
class Round:
    """What one round measured, by client.

    Attributes:
        single: With one stream.
        many: With the most streams of one core; empty where no process can be kept on one.
    """

    single: dict[str, Told]
    many: dict[str, Told]


def play(system: str, plan: Plan, *, server_core: int | None = None) -> Run:
    """Run one client through ``plan`` against a server of its own, whose port is filled in."""
    served_by = [*_python("run_riva_server"), str(plan.chunks)]
    if server_core is not None:
        served_by.append(str(server_core))
    # Whatever happens here, the end of this block ends the server's input, and with it the server.
    with subprocess.Popen(
        served_by, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        port = int(process.stdout.readline())  # type: ignore[union-attr]  # it is a pipe
        done = subprocess.run(
            [*_python(_MODULES[system]), replace(plan, port=port).to_json()],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        said, _ = process.communicate()
    client = ClientRecord.from_json(done.stdout.splitlines()[-1])
    server = ServerRecord.from_json(said.splitlines()[-1])
    return Run(
        streams=plan.streams,
        processor=client.processor_s / (plan.streams * plan.seconds),
        server_share=server.share(client.measured_from, client.measured_until),
        delays=delays(client, server),
        broken=server.calls - plan.streams,
    )


def _python(module: str) -> list[str]:
    return [sys.executable, "-m", f"scripts.benchmarks.{module}"]


def fullest(system: str, scale: Scale) -> Run:
    """Return the run with the most streams that one core drove, the server on another core.

    Raises:
        RuntimeError: Not even one stream was kept up with.
    """
    server_core, core = sorted(os.sched_getaffinity(0))[:2]
    kept: dict[int, Run] = {}

    def keeps_up(streams: int) -> bool:
        plan = Plan(0, streams, scale.warm_up_s, scale.many_s, core)
        for _ in range(_TRIES):
            run = play(system, plan, server_core=server_core)
            _tell(
                f"{system}: {streams} streams, 99 % within "
                f"{1000 * percentile(run.delays.whole, 99):.0f} ms, "
                f"{run.processor * streams:.2f} of a core, server {run.server_share:.2f}"
            )
            if run.keeps_up:
                kept[streams] = run
                return True
        return False

    limit = most(keeps_up, scale.first, at_most=scale.at_most, within=scale.within)
    if not limit:
        raise RuntimeError(f"{system} does not keep up with one stream: the machine is too busy")
    return kept[limit]


def measure(scale: Scale | None = None) -> Round:
    """Do one round.

    Raises:
        RuntimeError: A client did not keep up with one stream.
    """
    scale = scale or Scale()
    single, many = {}, {}
    for system in _MODULES:
        _tell(f"client: {system}")
        single[system] = Told.of(play(system, Plan(0, 1, scale.warm_up_s, scale.one_s)))
        if _can_pin():
            many[system] = Told.of(fullest(system, scale))
    return Round(single, many)


def report(rounds: Sequence[Round]) -> tuple[str, list[Target]]:
    """Return a Markdown report of all rounds, and the targets with their verdicts."""
    single = {system: [each.single[system] for each in rounds] for system in _MODULES}
    # Rounds of a run that went on where a process can be kept on a core, or cannot, may differ.
    many = {system: [each.many[system] for each in rounds if each.many] for system in _MODULES}
    ways = list(rounds[0].single[_OURS].ways)
    text = [
        "### Client against NVIDIA's, scripted server, real time",
        conditions(len(rounds), "nvidia-riva-client", "grpcio"),
        (
            "To server: from the source's hand-over of a chunk of 100 ms to the server's read of "
            "it. To consumer: from the server's write of an answer to the consumer that has it."
        ),
        markdown(
            ["one stream", "processor s per s of audio", *ways],
            [_single_row(system, runs) for system, runs in single.items()],
        ),
        f"Processor time against NVIDIA's: {Figure(_ratios(single, _processor))} times.",
    ]
    if many[_OURS]:
        text += [
            markdown(
                ["one core", "real-time streams", "processor s per s of audio", *ways, "server"],
                [_many_row(system, runs) for system, runs in many.items()],
            ),
            f"Streams against NVIDIA's: {Figure(_ratios(many, _streams))} times. A stream counts "
            "while 99 % of the answers are there 100 ms after their chunk was due; the server has "
            "another core, of which it uses the given part" + _server_verdict(many),
        ]
    else:
        text.append("Streams of one core: not measured, a process cannot be kept on one here.")
    return "\n\n".join(text), _targets(single, many)


def _can_pin() -> bool:
    return hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) > 1


def _tell(progress: str) -> None:
    print(progress, file=sys.stderr, flush=True)


def _processor(run: Told) -> float:
    return run.processor


def _streams(run: Told) -> float:
    return run.streams


def _ratios(told: dict[str, list[Told]], of: Callable[[Told], float]) -> list[float]:
    pairs = zip(told[_OURS], told[_THEIRS], strict=True)
    return [of(ours) / of(theirs) for ours, theirs in pairs]


def _single_row(system: str, runs: list[Told]) -> list[str]:
    ways = [str(Figure([run.ways[way] for run in runs], " ms")) for way in runs[0].ways]
    return [system, str(Figure([run.processor for run in runs], digits=4)), *ways]


def _many_row(system: str, runs: list[Told]) -> list[str]:
    _, *measures = _single_row(system, runs)
    streams = Figure([run.streams for run in runs], digits=0)
    return [system, str(streams), *measures, str(Figure([run.server_share for run in runs]))]


def _server_verdict(many: dict[str, list[Told]]) -> str:
    if max(run.server_share for runs in many.values() for run in runs) < _BUSY:
        return " and so is not what the clients wait for."
    return " and so **may be what the clients wait for**: they could drive more."


def _targets(single: dict[str, list[Told]], many: dict[str, list[Told]]) -> list[Target]:
    targets = [Target("client: processor time, against NVIDIA's", _ratios(single, _processor), 1.0)]
    for name, way in {
        "capture to server": "to server, p99",
        "response to consumer": "to consumer, p99",
    }.items():
        ours = [run.ways[way] for run in single[_OURS]]
        ratios = _ratios(single, lambda run, way=way: run.ways[way])
        targets.append(Target(f"client: {name}, p99, ms", ours, 10.0))
        targets.append(Target(f"client: {name}, p99, against NVIDIA's", ratios, 1.0))
    if many[_OURS]:
        ratios = _ratios(many, _streams)
        targets.append(
            Target("client: streams of one core, against NVIDIA's", ratios, 3.0, at_least=True)
        )
    return targets
