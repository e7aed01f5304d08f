"""What one system said about one clip, and the measures that follow from it."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from statistics import median
from typing import Final

from captioner.measure.accuracy import NORMALISER, normalised, word_error_rate
from captioner.transcript.erasure import ErasureMeter
from scripts.benchmarks.speech import Recording, Speech, samples, stretches
from scripts.benchmarks.table import Figure

_PAUSE_S: Final = 0.35
_ALIGNED_S: Final = 0.6
"""An utterance of a system belongs to a stretch of speech that begins or ends this near."""

ERRORS: Final = f"Word errors are those of jiwer {version('jiwer')}; both texts in {NORMALISER}."
"""How a word error rate of the reports is reckoned."""


@dataclass(frozen=True, slots=True)
class Update:
    """A text that a reader saw.

    Attributes:
        at: Seconds from the first sample of the clip, played in real time, to the text.
        utterance: Number of the utterance; a later update of the same one replaces the text.
        text: What was shown.
        is_final: Whether it was the last for this utterance.
        start: Where the system says that the utterance begins, in seconds of the clip.
    """

    at: float
    utterance: int
    text: str
    is_final: bool
    start: float


@dataclass(slots=True)
class Record:
    """One run of one system over one clip in real time.

    Attributes:
        system: Its name.
        clip: Name of the clip.
        updates: Everything it showed.
        processor_s: Processor time of all its processes while the clip was played.
        audio_s: Length of the clip.
    """

    system: str
    clip: str
    updates: list[Update] = field(default_factory=list)
    processor_s: float = 0.0
    audio_s: float = 0.0

    def to_json(self) -> str:
        """Return the record for another process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Record:
        """Read what `to_json` wrote."""
        data = json.loads(text)
        data["updates"] = [Update(**update) for update in data["updates"]]
        return cls(**data)

    @property
    def text(self) -> str:
        """All finals, joined."""
        return " ".join(update.text for update in self.updates if update.is_final)

    @property
    def longest(self) -> list[str]:
        """The longest text that was shown of each utterance, of those that vanished, too."""
        texts: dict[int, str] = {}
        for update in self.updates:
            before = texts.get(update.utterance, "")
            texts[update.utterance] = max(before, update.text, key=lambda text: len(text.split()))
        return list(texts.values())


def record_of(module: str, *arguments: str) -> Record:
    """Run one system over one clip in a process of its own, so that nothing is shared."""
    done = subprocess.run(
        [sys.executable, "-m", f"scripts.benchmarks.{module}", *arguments],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return Record.from_json(done.stdout.splitlines()[-1])


@dataclass(frozen=True, slots=True)
class Measures:
    """The measures of one system over all clips of one round; see `measures_of`.

    Attributes:
        begun: To how many stretches of speech there is a first partial.
        ended: To how many there is a final.
        stretches: How many there are.
    """

    word_error_rate: float
    first_partial_s: float
    final_delay_s: float
    erasure: float
    processor: float
    begun: int
    ended: int
    stretches: int


MEASURES: Final = (
    "word error rate",
    "first partial",
    "final",
    "normalized erasure",
    "processor s per s of audio",
)
"""Titles of the columns that `figures` fills."""


def figures(rounds: Sequence[Measures]) -> list[Figure]:
    """Return the measures of one system over all rounds, one for each of `MEASURES`."""
    return [
        Figure([each.word_error_rate for each in rounds], digits=3),
        Figure([each.first_partial_s for each in rounds], " s"),
        Figure([each.final_delay_s for each in rounds], " s"),
        Figure([each.erasure for each in rounds]),
        Figure([each.processor for each in rounds], digits=3),
    ]


def accuracy_of(clips: Mapping[str, Recording]) -> str:
    """Return a sentence on how word errors are reckoned, and of how many words."""
    words = sum(len(normalised(clip.text).split()) for clip in clips.values())
    return f"{ERRORS} There are {words} words, so one error is {1 / words:.3f}."


def stretches_of(systems: Mapping[str, Sequence[Measures]]) -> str:
    """Return a sentence on how many first partials and finals the delays are the medians of."""
    told = [
        f"{name} {Figure([each.begun for each in rounds], digits=0)} and "
        f"{Figure([each.ended for each in rounds], digits=0)}"
        for name, rounds in systems.items()
    ]
    (count,) = {each.stretches for rounds in systems.values() for each in rounds}
    return (
        f"Of {count} stretches of speech, so many begin and end with an utterance (a system may "
        f"take several for one): {'; '.join(told)}."
    )


def measures_of(records: list[Record], clips: dict[str, Recording]) -> Measures:
    """Return the measures over ``records``, one a clip, taken together.

    * first partial: median over the stretches of speech (after a pause of 0.35 s or more), from
      their beginning to the first text of the utterance that begins there;
    * final delay: median over the utterances, from the end of the last stretch that one covers to
      its final, however late;
    * erasure: normalized erasure of everything shown, finals included.
    """
    reference = " ".join(clips[record.clip].text for record in records)
    said = " ".join(record.text for record in records)
    erasure = ErasureMeter()
    first: list[float] = []
    finals: list[float] = []
    count = 0
    for number, record in enumerate(records):
        for update in record.updates:
            erasure.update(
                update.utterance + 1_000_000 * number, update.text, is_final=update.is_final
            )
        heard = stretches(samples(clips[record.clip].path), pause_s=_PAUSE_S)
        first += _first_partials(record, heard)
        finals += _finals(record, heard)
        count += len(heard)
    audio_s = sum(record.audio_s for record in records)
    return Measures(
        word_error_rate=word_error_rate(reference, said),
        first_partial_s=median(first) if first else float("nan"),
        final_delay_s=median(finals) if finals else float("nan"),
        erasure=erasure.normalized,
        processor=sum(record.processor_s for record in records) / audio_s,
        begun=len(first),
        ended=len(finals),
        stretches=count,
    )


def _first_partials(record: Record, heard: Sequence[Speech]) -> list[float]:
    first_texts: dict[int, Update] = {}
    for update in record.updates:
        if update.text:
            first_texts.setdefault(update.utterance, update)
    found = []
    for speech in heard:
        begins = [
            update.at
            for update in first_texts.values()
            if abs(update.start - speech.start) <= _ALIGNED_S and update.at > speech.start
        ]
        if begins:
            found.append(min(begins) - speech.start)
    return found


def _finals(record: Record, heard: Sequence[Speech]) -> list[float]:
    """Return delays of finals: an utterance goes on until the next one begins."""
    finals = [update for update in record.updates if update.is_final and update.text]
    finals.sort(key=lambda update: update.start)
    found = []
    begins = [*(update.start for update in finals), math.inf]
    for update, next_begins in zip(finals, begins[1:], strict=True):
        covered = [
            speech.end
            for speech in heard
            if update.start < speech.end <= next_begins + _ALIGNED_S and speech.end <= update.at
        ]
        if covered:
            found.append(update.at - covered[-1])
    return found
