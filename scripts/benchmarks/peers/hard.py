"""Word errors of Captioner and the peers where listening is hard, and words in what has none.

Accuracy alone: Captioner hears each recording in real time, the peers read it as fast as they can,
so that being late costs them no words.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from captioner.core.stability import StabilityMode
from scripts.benchmarks.conditions import said_by_captioner
from scripts.benchmarks.material import CONDITIONS, recordings, speechless
from scripts.benchmarks.peers.catalogue import Peer
from scripts.benchmarks.peers.environment import NotHadError
from scripts.benchmarks.peers.trial import play, play_captioner
from scripts.benchmarks.speech import Recording, samples, with_quiet
from scripts.benchmarks.table import Target, markdown
from tests.support.clips import word_error_rate

_US: Final = "captioner"
_SPELT: Final = {"9,000": "nine thousand"}
"""The one number of the material, as some write it: no error of theirs."""
_HOW: Final = (
    "Word error rate; fewer where a peer makes fewer errors than Captioner. Captioner in real "
    "time, the peers as fast as they can, one round. Last, the words that were made up in ten "
    "minutes of silence, noise, hum, music and typing."
)


@dataclass(slots=True)
class Heard:
    """What was measured of one system: word error rates by condition, and words made up."""

    errors: dict[str, float] = field(default_factory=dict)
    made_up: int = 0


def run(peers: Sequence[Peer]) -> tuple[str, list[Target]]:
    """Measure; return a Markdown section and the targets with their verdicts."""
    names = [each for each in CONDITIONS if each != "clean"]
    # One in real time, which waits most of its time, and one peer that takes what is left.
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(1) as beside:
        ours = beside.submit(_captioner, names)
        heard, lost = {}, []
        for peer in peers:
            try:
                heard[peer.name] = _peer(peer, names, Path(scratch))
            except NotHadError as error:
                lost.append(f"{peer.name}: not run ({error}).")
        heard = {_US: ours.result(), **heard}
    section = "\n\n".join([report(names, heard), *lost])
    return section, targets(names, peers, heard)


def report(names: Sequence[str], heard: dict[str, Heard]) -> str:
    """Return the section: a row for each condition, a column for each system."""
    rows = [
        [name, *(_cell(found.errors[name], heard[_US].errors[name]) for found in heard.values())]
        for name in names
    ]
    made_up = ["words made up", *(str(found.made_up) for found in heard.values())]
    table = markdown(["", *heard], [*rows, made_up])
    return f"#### Where listening is hard, beside peers\n\n{table}\n\n{_HOW}"


def targets(names: Sequence[str], peers: Sequence[Peer], heard: dict[str, Heard]) -> list[Target]:
    """Return the target: no condition in which a peer of the engine's size hears better."""
    same = [heard[peer.name] for peer in peers if peer.is_our_size and peer.name in heard]
    lost = [
        name
        for name in names
        if any(_printed(each.errors[name]) < _printed(heard[_US].errors[name]) for each in same)
    ]
    return [Target("hard conditions in which a peer makes fewer word errors", len(lost), 0, 0)]


def _printed(rate: float) -> float:
    return round(rate, 3)


def _cell(rate: float, ours: float) -> str:
    return f"{rate:.3f} **fewer**" if _printed(rate) < _printed(ours) else f"{rate:.3f}"


def _captioner(names: Sequence[str]) -> Heard:
    heard = Heard()
    for condition in names:
        print(f"peers, {_US}: {condition} …", file=sys.stderr, flush=True)
        for name, recording in recordings(condition).items():
            trial = play_captioner(name, StabilityMode.BALANCED.value)
            heard.errors[condition] = _errors(recording, trial.record.text)
    heard.made_up = sum(len(said_by_captioner(path)) for _, path in speechless())
    return heard


def _peer(peer: Peer, names: Sequence[str], folder: Path) -> Heard:
    heard = Heard()
    for condition in names:
        print(f"peers, {peer.name}: {condition} …", file=sys.stderr, flush=True)
        for name, recording in recordings(condition).items():
            path = with_quiet(folder / f"{peer.name}.wav", samples(recording.path))
            said = play(peer, name, path, real_time=False).record.text
            heard.errors[condition] = _errors(recording, said)
    for name, path in speechless():
        print(f"peers, {peer.name}: {name} …", file=sys.stderr, flush=True)
        heard.made_up += len(play(peer, name, path, real_time=False).record.text.split())
    return heard


def _errors(recording: Recording, said: str) -> float:
    for number, words in _SPELT.items():
        said = said.replace(number, words)
    return word_error_rate(recording.text, said)
