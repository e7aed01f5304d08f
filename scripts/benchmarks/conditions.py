"""Word errors of Captioner and its peers where listening is hard, and words in what has none.

Accuracy alone: Captioner hears each recording in real time, the peers read it as fast as they can,
so that being late costs them no words. What has no speech it hears in real time, too: a word that
was shown counts, whether it stayed or not.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from captioner.core.stability import StabilityMode
from captioner.measure.accuracy import normalised, word_error_rate
from scripts.benchmarks.material import CONDITIONS, SPEECHLESS, loops, recording
from scripts.benchmarks.peers.catalogue import PEERS, Peer
from scripts.benchmarks.peers.environment import NotHadError
from scripts.benchmarks.peers.trial import play, play_captioner
from scripts.benchmarks.record import ERRORS, Record
from scripts.benchmarks.speech import Recording, samples, with_quiet
from scripts.benchmarks.table import Figure, Target, conditions, markdown

_US: Final = "captioner"
_SPELT: Final = {"9,000": "nine thousand"}
"""The one number of the material, as some write it: no error of theirs."""
_DIGITS: Final = 3
_HOW: Final = (
    "The bundled clips, with pink noise or synthesised music so many decibels below the speech, or "
    "in a room with half a second of echo; voices of espeak-ng for speakers who take turns, for "
    "250 words a minute, and between silences of twelve seconds. Fewer where a peer makes fewer "
    "errors. Captioner hears it in real time, peers of its size at the same time and as fast as "
    "they can, all once"
)
_HOW_WITHOUT: Final = (
    "Counted are words that were shown, whether they stayed or not. Loops are looked for in all "
    "that was said here, with speech and without."
)


@dataclass(slots=True)
class Heard:
    """What was measured of one system.

    Attributes:
        errors: Word error rates by condition.
        made_up: Words shown where nobody spoke, by what is heard.
        loops: Phrases that it said over and over.
    """

    errors: dict[str, float] = field(default_factory=dict)
    made_up: dict[str, int] = field(default_factory=dict)
    loops: list[str] = field(default_factory=list)

    def take(self, condition: str, played: Recording, record: Record) -> None:
        """Note what was said of a recording, with speech or without."""
        said = record.text
        self.loops += loops(said)
        if not played.text:
            self.made_up[condition] = sum(len(each.split()) for each in record.longest)
            return
        for number, words in _SPELT.items():
            said = said.replace(number, words)
        self.errors[condition] = word_error_rate(played.text, said)


@dataclass(frozen=True, slots=True)
class Round:
    """What one round measured.

    Attributes:
        heard: By system.
        lost: Why a peer was not run, a sentence each.
    """

    heard: dict[str, Heard]
    lost: list[str] = field(default_factory=list)


def measure() -> Round:
    """Do one round."""
    for name in (*CONDITIONS, *SPEECHLESS):
        recording(name)  # made once, before several want it
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
        return Round({_US: ours.result(), **heard}, lost)


def report(rounds: Sequence[Round]) -> tuple[str, list[Target]]:
    """Return the section: a row for each condition, a column for each system; and the targets."""
    systems = list(dict.fromkeys(name for each in rounds for name in each.heard))
    heard = {name: [each.heard[name] for each in rounds if name in each.heard] for name in systems}
    ours = heard[_US]
    errors = [
        [name, *(_cell(_rates(found, name), _rates(ours, name)) for found in heard.values())]
        for name in ours[0].errors
    ]
    made_up = [
        [
            name,
            *(
                str(Figure([one.made_up[name] for one in found], digits=0))
                for found in heard.values()
            ),
        ]
        for name in ours[0].made_up
    ]
    text = "\n\n".join(
        [
            "### Where listening is hard",
            conditions(len(rounds), "moonshine-voice"),
            markdown(["word error rate", *systems], errors),
            _HOW + (". " if len(rounds) == 1 else " a round. ") + f"{ERRORS} {_words()}",
            markdown(["words made up in 100 s of", *systems], made_up),
            _HOW_WITHOUT,
            *dict.fromkeys(line for each in rounds for line in each.lost),
        ]
    )
    return text, _targets(heard)


def _targets(heard: dict[str, list[Heard]]) -> list[Target]:
    """Return the targets, of which the last: no condition in which a peer hears better."""
    ours, *theirs = heard.values()
    lost = [
        name
        for name in ours[0].errors
        if any(_is_better(_rates(each, name), _rates(ours, name)) for each in theirs)
    ]
    made_up = [sum(one.made_up.values()) for one in ours]
    return [
        Target("words made up in ten minutes without speech", made_up, 0, 0),
        Target("phrases repeated as by a model that loops", [len(one.loops) for one in ours], 0, 0),
        Target("hard conditions in which a peer makes fewer word errors", [len(lost)], 0, 0),
    ]


def _rates(heard: list[Heard], condition: str) -> list[float]:
    return [one.errors[condition] for one in heard]


def _is_better(rates: list[float], ours: list[float]) -> bool:
    """Tell whether the medians differ as they are printed."""
    return round(median(rates), _DIGITS) < round(median(ours), _DIGITS)


def _cell(rates: list[float], ours: list[float]) -> str:
    return str(Figure(rates, " **fewer**" if _is_better(rates, ours) else "", _DIGITS))


def _words() -> str:
    told = ", ".join(
        f"{len(normalised(text).split())} ({name})" for name, text in CONDITIONS.items()
    )
    return f"Of so many words: {told}."


def _captioner() -> Heard:
    heard = Heard()
    for condition in CONDITIONS:
        heard.take(condition, recording(condition), _heard_live(condition))
    # Without speech there is next to nothing to do, so that all fits at the same time.
    with ThreadPoolExecutor(len(SPEECHLESS)) as at_once:
        for name, record in zip(SPEECHLESS, at_once.map(_heard_live, SPEECHLESS), strict=True):
            heard.take(name, recording(name), record)
    return heard


def _heard_live(name: str) -> Record:
    _tell(_US, name)
    return play_captioner(name, StabilityMode.BALANCED.value).record


def _peer(peer: Peer, folder: Path) -> Heard:
    heard = Heard()
    for name in (*CONDITIONS, *SPEECHLESS):
        _tell(peer.name, name)
        path = with_quiet(folder / f"{peer.name}.wav", samples(recording(name).path))
        record = play(peer, name, path, real_time=False).record
        heard.take(name, recording(name), record)
    return heard


def _tell(system: str, what: str) -> None:
    print(f"{system}: {what} …", file=sys.stderr, flush=True)
