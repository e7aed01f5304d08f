"""Word errors of Captioner and its peers where listening is hard, and words in what has none.

Accuracy alone: Captioner hears each recording in real time, the peers read it as fast as they can,
so that being late costs them no words. What has no speech is read as fast as possible by all.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from captioner.core.stability import StabilityMode
from scripts.benchmarks.material import CONDITIONS, loops, recording, speechless
from scripts.benchmarks.peers.catalogue import PEERS, Peer
from scripts.benchmarks.peers.environment import NotHadError
from scripts.benchmarks.peers.trial import play, play_captioner
from scripts.benchmarks.speech import Recording, samples, with_quiet
from scripts.benchmarks.table import Target, conditions, markdown
from tests.support.clips import word_error_rate

_US: Final = "captioner"
_SPELT: Final = {"9,000": "nine thousand"}
"""The one number of the material, as some write it: no error of theirs."""
_HOW: Final = (
    "The bundled clips, with pink noise or synthesised music so many decibels below the speech, or "
    "in a room with half a second of echo; voices of espeak-ng for speakers who take turns, for "
    "250 words a minute, and between silences of twelve seconds. Fewer where a peer makes fewer "
    "errors. Captioner hears it in real time, peers of its size as fast as they can, all once."
)


@dataclass(slots=True)
class Heard:
    """What was measured of one system.

    Attributes:
        errors: Word error rates by condition.
        made_up: Words where nobody spoke, by what is heard.
        loops: Phrases that it said over and over.
    """

    errors: dict[str, float] = field(default_factory=dict)
    made_up: dict[str, int] = field(default_factory=dict)
    loops: list[str] = field(default_factory=list)

    def take(self, condition: str, played: Recording, said: str) -> None:
        """Note what was said of the recording of a condition."""
        self.loops += loops(said)
        for number, words in _SPELT.items():
            said = said.replace(number, words)
        self.errors[condition] = word_error_rate(played.text, said)


def run() -> tuple[str, list[Target]]:
    """Measure; return a Markdown section and the targets with their verdicts."""
    # One in real time, which waits most of its time, and one peer that takes what is left.
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(1) as beside:
        ours = beside.submit(_captioner)
        heard, lost = {}, []
        for peer in PEERS:
            if peer.is_our_size:
                try:
                    heard[peer.name] = _peer(peer, Path(scratch))
                except NotHadError as error:
                    lost.append(f"{peer.name}: not run ({error}).")
        heard = {_US: ours.result(), **heard}
    return "\n\n".join([report(heard), *lost]), targets(heard)


def report(heard: dict[str, Heard]) -> str:
    """Return the section: a row for each condition, a column for each system."""
    ours = heard[_US]
    errors = [
        [name, *(_cell(found.errors[name], ours.errors[name]) for found in heard.values())]
        for name in ours.errors
    ]
    made_up = [
        [name, *(str(found.made_up[name]) for found in heard.values())] for name in ours.made_up
    ]
    return "\n\n".join(
        [
            "### Where listening is hard",
            conditions(1, "moonshine-voice"),
            markdown(["word error rate", *heard], errors),
            _HOW,
            markdown(["words made up in 100 s of", *heard], made_up),
        ]
    )


def targets(heard: dict[str, Heard]) -> list[Target]:
    """Return the targets, of which the last: no condition in which a peer hears better."""
    ours, *theirs = heard.values()
    lost = [
        name
        for name, rate in ours.errors.items()
        if any(_printed(each.errors[name]) < _printed(rate) for each in theirs)
    ]
    return [
        Target("words made up in ten minutes without speech", sum(ours.made_up.values()), 0, 0),
        Target("phrases repeated as by a model that loops", len(ours.loops), 0, 0),
        Target("hard conditions in which a peer makes fewer word errors", len(lost), 0, 0),
    ]


def _printed(rate: float) -> float:
    return round(rate, 3)


def _cell(rate: float, ours: float) -> str:
    return f"{rate:.3f} **fewer**" if _printed(rate) < _printed(ours) else f"{rate:.3f}"


def _captioner() -> Heard:
    heard = Heard()
    for condition in CONDITIONS:
        _tell(_US, condition)
        trial = play_captioner(condition, StabilityMode.BALANCED.value)
        heard.take(condition, recording(condition), trial.record.text)
    for name, path in speechless():
        _tell(_US, name)
        heard.made_up[name] = len(_transcribed(path))
    return heard


def _peer(peer: Peer, folder: Path) -> Heard:
    heard = Heard()
    for condition in CONDITIONS:
        _tell(peer.name, condition)
        path = with_quiet(folder / f"{peer.name}.wav", samples(recording(condition).path))
        said = play(peer, condition, path, real_time=False).record.text
        heard.take(condition, recording(condition), said)
    for name, path in speechless():
        _tell(peer.name, name)
        said = play(peer, name, path, real_time=False).record.text
        heard.made_up[name] = len(said.split())
    return heard


def _transcribed(path: Path) -> list[str]:
    """Return the words that Captioner hears in a file, read as fast as the engine can."""
    done = subprocess.run(
        [sys.executable, "-m", "captioner", "transcribe", str(path)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout.split()


def _tell(system: str, what: str) -> None:
    print(f"{system}: {what} …", file=sys.stderr, flush=True)
