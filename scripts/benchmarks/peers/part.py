"""The embedded engine, whole path, beside what users would pick: in real time and in turn."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from captioner.core.stability import StabilityMode
from scripts.benchmarks.peers.catalogue import NOT_RUN, PEERS, Peer, given
from scripts.benchmarks.peers.environment import NotHadError
from scripts.benchmarks.peers.trial import MEMORY, MEMORY_NOTE, Trial, play, play_captioner
from scripts.benchmarks.peers.verdict import RULE, compared, not_beaten
from scripts.benchmarks.record import (
    MEASURES,
    Measures,
    accuracy_of,
    figures,
    measures_of,
    stretches_of,
)
from scripts.benchmarks.speech import CLIPS, samples, with_quiet
from scripts.benchmarks.table import Figure, Target, conditions, markdown

_US: Final = "captioner"


_COLUMNS: Final = (*MEASURES, MEMORY)


@dataclass(frozen=True, slots=True)
class Measured:
    """What one round measured of a system.

    Attributes:
        measures: Over all clips.
        memory_mb: The most that it took of memory.
        streaming: How it streams.
        is_judged: Captioner has to beat it in everything but memory.
    """

    measures: Measures
    memory_mb: float
    streaming: str = ""
    is_judged: bool = False


@dataclass(frozen=True, slots=True)
class Round:
    """One round of all systems.

    Attributes:
        systems: What was measured, by the system's name, Captioner first.
        not_run: Why others were not run, by theirs.
    """

    systems: dict[str, Measured]
    not_run: dict[str, str] = field(default_factory=lambda: dict(NOT_RUN))


def measure(whisper_model: Path | None = None, vosk_model: Path | None = None) -> Round:
    """Let each system hear each clip once, in turn.

    Args:
        whisper_model: Another model of faster-whisper, as another peer.
        vosk_model: A model of vosk, which makes it a peer.
    """
    peers = list(PEERS)
    not_run = dict(NOT_RUN)
    for name, folder in {"faster-whisper": whisper_model, "vosk": vosk_model}.items():
        if folder is not None:
            peers.append(given(name, folder))
    if vosk_model is None:
        not_run["vosk"] = "no package carries an English model; --vosk FOLDER gives one"
    for peer in peers:
        try:
            peer.command()
        except NotHadError as error:
            not_run[peer.name] = str(error)
    with tempfile.TemporaryDirectory() as scratch:
        recordings = {
            clip: with_quiet(Path(scratch) / f"{clip}.wav", samples(CLIPS[clip].path))
            for clip in CLIPS
        }
        return one_round(peers, recordings, not_run)


def one_round(peers: Sequence[Peer], recordings: dict[str, Path], not_run: dict[str, str]) -> Round:
    """Play the recordings to Captioner and to those peers that are not in ``not_run``."""
    lost = dict(not_run)
    trials: dict[str, list[Trial]] = {_US: []}
    for clip, recording in recordings.items():
        trials[_US].append(play_captioner(clip, StabilityMode.BALANCED.value))
        for peer in peers:
            if peer.name not in lost:
                try:
                    trials.setdefault(peer.name, []).append(play(peer, clip, recording))
                except NotHadError as error:
                    lost[peer.name] = str(error)
    known = {peer.name: peer for peer in peers}
    return Round(
        {
            name: _measured(played, known.get(name))
            for name, played in trials.items()
            if name not in lost
        },
        lost,
    )


def report(rounds: Sequence[Round]) -> tuple[str, list[Target]]:
    """Return the section of all rounds, and the targets; a peer that one round lacks has none."""
    not_run = {name: reason for each in rounds for name, reason in each.not_run.items()}
    systems = {
        name: [each.systems[name] for each in rounds]
        for name in rounds[0].systems
        if name not in not_run
    }
    columns = {name: _columns(measured) for name, measured in systems.items()}
    peers = [name for name in systems if name != _US]
    blanks = ["–"] * (len(_COLUMNS) - 1)  # noqa: RUF001 - none
    text = "\n\n".join(
        [
            "### Beside what users would pick, real time",
            conditions(len(rounds), "moonshine-voice", "grpcio"),
            markdown(
                ["system", *_COLUMNS],
                [[name, *map(str, figures_of)] for name, figures_of in columns.items()]
                + [[name, f"not run: {reason}", *blanks] for name, reason in not_run.items()],
            ),
            accuracy_of(CLIPS),
            stretches_of(
                {name: [one.measures for one in measured] for name, measured in systems.items()}
            ),
            f"{RULE} Memory is told, and not judged. {MEMORY_NOTE}",
            markdown(
                ["captioner", *_COLUMNS],
                [
                    [f"against {name}", *map(compared, columns[_US], columns[name])]
                    for name in peers
                ],
            ),
            "\n".join(f"* {name}: {systems[name][0].streaming}." for name in peers),
        ]
    )
    return text, [
        Target(
            f"measures of {len(MEASURES)} in which Captioner does not beat {name}",
            [not_beaten(columns[_US][:-1], columns[name][:-1])],
            0,
            digits=0,
        )
        for name in peers
        if systems[name][0].is_judged
    ]


def _measured(played: Sequence[Trial], peer: Peer | None) -> Measured:
    measures = measures_of([trial.record for trial in played], CLIPS)
    memory_mb = max(trial.memory_mb for trial in played)
    if peer is None:
        return Measured(measures, memory_mb)
    return Measured(measures, memory_mb, peer.streaming, peer.is_our_size)


def _columns(rounds: Sequence[Measured]) -> list[Figure]:
    memory = Figure([one.memory_mb for one in rounds], " MB", 0)
    return [*figures([one.measures for one in rounds]), memory]
