"""What one system said about one clip, and the measures that follow from it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Final

from captioner.transcript.erasure import ErasureMeter
from scripts.benchmarks.speech import Recording, samples, stretches
from scripts.benchmarks.table import Figure
from tests.support.clips import word_error_rate

_PAUSE_S: Final = 0.35
_ALIGNED_S: Final = 0.6
"""An utterance of a system belongs to a stretch of speech that begins or ends this near."""


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
    """The measures of one system over all clips of one round."""

    word_error_rate: float
    first_partial_s: float
    final_delay_s: float
    erasure: float
    processor: float
    utterances: int


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


def measures_of(records: list[Record], clips: dict[str, Recording]) -> Measures:
    """Return the measures over ``records``, one a clip, taken together.

    * first partial: median over the stretches of speech (after a pause of 0.35 s or more), from
      their beginning to the first text of the utterance that begins there;
    * final delay: median over the stretches from their end to the final that ends there;
    * erasure: normalized erasure of everything shown, finals included.
    """
    reference = " ".join(clips[record.clip].text for record in records)
    said = " ".join(record.text for record in records)
    erasure = ErasureMeter()
    first: list[float] = []
    finals: list[float] = []
    for number, record in enumerate(records):
        for update in record.updates:
            erasure.update(
                update.utterance + 1_000_000 * number, update.text, is_final=update.is_final
            )
        begun, ended = _delays(record, clips[record.clip])
        first += begun
        finals += ended
    audio_s = sum(record.audio_s for record in records)
    return Measures(
        word_error_rate=word_error_rate(reference, said),
        first_partial_s=median(first) if first else float("nan"),
        final_delay_s=median(finals) if finals else float("nan"),
        erasure=erasure.normalized,
        processor=sum(record.processor_s for record in records) / audio_s,
        utterances=sum(update.is_final for record in records for update in record.updates),
    )


def _delays(record: Record, clip: Recording) -> tuple[list[float], list[float]]:
    heard = stretches(samples(clip.path), pause_s=_PAUSE_S)
    first_texts: dict[int, Update] = {}
    for update in record.updates:
        if update.text:
            first_texts.setdefault(update.utterance, update)
    first = []
    for speech in heard:
        begins = [
            update
            for update in first_texts.values()
            if abs(update.start - speech.start) <= _ALIGNED_S and update.at > speech.start
        ]
        if begins:
            first.append(min(update.at for update in begins) - speech.start)
    finals = []
    for index, speech in enumerate(heard):
        until = heard[index + 1].start if index + 1 < len(heard) else record.audio_s
        ends = [
            update.at
            for update in record.updates
            if update.is_final
            and update.text
            and speech.end <= update.at
            and speech.start - _ALIGNED_S <= update.start < speech.end
            and update.at <= until + _ALIGNED_S
        ]
        if ends:
            finals.append(max(ends) - speech.end)
    return first, finals
