"""The embedded engine, whole path, beside what users would pick: in real time and in turn."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from captioner.core.stability import StabilityMode
from scripts.benchmarks.peers.catalogue import NOT_RUN, PEERS, Peer, given
from scripts.benchmarks.peers.environment import NotHadError
from scripts.benchmarks.peers.trial import Trial, play, play_captioner
from scripts.benchmarks.peers.verdict import RULE, compared, worse
from scripts.benchmarks.record import MEASURES, Measures, figures, measure
from scripts.benchmarks.speech import CLIPS, samples, with_quiet
from scripts.benchmarks.table import Figure, Target, conditions, markdown

_US: Final = "captioner"


@dataclass(frozen=True, slots=True)
class Round:
    """The measures of one system in one round."""

    measures: Measures
    memory_mb: float


_COLUMNS: Final = (*MEASURES, "resident memory")


@dataclass(slots=True)
class Results:
    """What was measured: rounds by the system's name, and why others were not run."""

    rounds: dict[str, list[Round]] = field(default_factory=dict)
    not_run: dict[str, str] = field(default_factory=lambda: dict(NOT_RUN))

    def columns(self, system: str) -> list[Figure]:
        """Return the figures of a system, one for each column."""
        rounds = self.rounds[system]
        memory = Figure([one.memory_mb for one in rounds], " MB", 0)
        return [*figures([one.measures for one in rounds]), memory]


def run(
    rounds: int,
    whisper_model: Path | None = None,
    vosk_model: Path | None = None,
) -> tuple[str, list[Target]]:
    """Measure; return a Markdown report and the targets with their verdicts.

    Args:
        rounds: How often each system hears each clip.
        whisper_model: Another model of faster-whisper, as another peer.
        vosk_model: A model of vosk, which makes it a peer.
    """
    peers = list(PEERS)
    results = Results()
    for name, folder in {"faster-whisper": whisper_model, "vosk": vosk_model}.items():
        if folder is not None:
            peers.append(given(name, folder))
    if vosk_model is None:
        results.not_run["vosk"] = "no package carries an English model; --vosk FOLDER gives one"
    for peer in peers:
        try:
            peer.command()
        except NotHadError as error:
            results.not_run[peer.name] = str(error)
    with tempfile.TemporaryDirectory() as scratch:
        recordings = {
            clip: with_quiet(Path(scratch) / f"{clip}.wav", samples(CLIPS[clip].path))
            for clip in CLIPS
        }
        for number in range(rounds):
            print(f"peers, round {number + 1} of {rounds} …", file=sys.stderr, flush=True)
            _one_round(peers, recordings, results)
    return _report(rounds, peers, results), targets(peers, results)


def _one_round(peers: Sequence[Peer], recordings: dict[str, Path], results: Results) -> None:
    trials: dict[str, list[Trial]] = {}
    for clip, recording in recordings.items():
        trials.setdefault(_US, []).append(play_captioner(clip, StabilityMode.BALANCED.value))
        for peer in peers:
            if peer.name in results.not_run:
                continue
            try:
                trials.setdefault(peer.name, []).append(play(peer, clip, recording))
            except NotHadError as error:
                results.not_run[peer.name] = str(error)
                results.rounds.pop(peer.name, None)
    for system, played in trials.items():
        if system not in results.not_run:
            measures = measure([trial.record for trial in played], CLIPS)
            memory_mb = max(trial.memory_mb for trial in played)
            results.rounds.setdefault(system, []).append(Round(measures, memory_mb))


def targets(peers: Sequence[Peer], results: Results) -> list[Target]:
    """Return one target for each peer of the engine's size: nothing in which Captioner is worse.

    Memory is told, and not judged.
    """
    return [
        Target(
            f"measures in which Captioner is worse than {peer.name}",
            worse(results.columns(_US)[:-1], results.columns(peer.name)[:-1]),
            0,
            digits=0,
        )
        for peer in peers
        if peer.is_our_size and peer.name in results.rounds
    ]


def _report(rounds: int, peers: Sequence[Peer], results: Results) -> str:
    run_peers = [peer for peer in peers if peer.name in results.rounds]
    table = [
        [system, *map(str, results.columns(system))]
        for system in [_US, *(peer.name for peer in run_peers)]
    ]
    blanks = ["–"] * (len(_COLUMNS) - 1)  # noqa: RUF001 - none
    table += [[name, f"not run: {reason}", *blanks] for name, reason in results.not_run.items()]
    against = [
        [f"against {peer.name}", *map(compared, results.columns(_US), results.columns(peer.name))]
        for peer in run_peers
    ]
    return "\n\n".join(
        [
            "### Beside what users would pick, real time",
            conditions(rounds, "moonshine-voice", "grpcio"),
            markdown(["system", *_COLUMNS], table),
            RULE,
            markdown(["captioner", *_COLUMNS], against),
            "\n".join(f"* {peer.name}: {peer.streaming}." for peer in run_peers),
        ]
    )
