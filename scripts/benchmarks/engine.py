"""The embedded engine through the whole path against moonshine's own streaming, in real time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from captioner.core.stability import StabilityMode
from captioner.measure.accuracy import word_error_rate
from scripts.benchmarks.moonshine import STREAMING, read_offline
from scripts.benchmarks.record import (
    MEASURES,
    Measures,
    Record,
    accuracy_of,
    figures,
    measures_of,
    record_of,
    stretches_of,
)
from scripts.benchmarks.speech import CLIPS
from scripts.benchmarks.table import Figure, Target, conditions, markdown

_OURS = [f"captioner ({mode})" for mode in StabilityMode]
_BALANCED = f"captioner ({StabilityMode.BALANCED})"


def offline_word_error_rate() -> float:
    """Return the model's own figure: the library's offline call over each clip, whole."""
    said = read_offline(clip.path for clip in CLIPS.values())
    return word_error_rate(" ".join(clip.text for clip in CLIPS.values()), " ".join(said))


@dataclass(frozen=True, slots=True)
class Round:
    """What one round measured.

    Attributes:
        systems: The measures over all clips, by system.
        offline: The word error rate of the model, offline; it is the same each time.
    """

    systems: dict[str, Measures]
    offline: float


def measure() -> Round:
    """Let each system hear each clip once, in turn."""
    runs: dict[str, list[Record]] = {}
    for clip in CLIPS:
        for mode in StabilityMode:
            record = record_of("run_captioner", clip, mode.value)
            runs.setdefault(record.system, []).append(record)
            if mode is StabilityMode.BALANCED:
                record = record_of("run_moonshine", clip)
                runs.setdefault(record.system, []).append(record)
    systems = {system: measures_of(records, CLIPS) for system, records in runs.items()}
    return Round(systems, offline_word_error_rate())


def report(rounds: Sequence[Round]) -> tuple[str, list[Target]]:
    """Return the section of all rounds, and the targets."""
    offline = Figure([each.offline for each in rounds], digits=3)
    ours = [each.systems[_BALANCED] for each in rounds]
    theirs = [each.systems[STREAMING] for each in rounds]
    ratios = [mine.processor / other.processor for mine, other in zip(ours, theirs, strict=True)]
    names = _order(rounds[0].systems)
    rows = [[name, *map(str, figures([each.systems[name] for each in rounds]))] for name in names]
    text = "\n\n".join(
        [
            "### Embedded engine, whole path, real time",
            conditions(len(rounds), "moonshine-voice", "grpcio"),
            markdown(
                ["system", *MEASURES],
                [*rows, ["moonshine offline", str(offline), "–", "–", "–", "–"]],  # noqa: RUF001 - none
            ),
            f"Processor time against moonshine's own streaming, one thread each: {Figure(ratios)} "
            "times. " + accuracy_of(CLIPS) + " Captioner was tuned on these two clips, too.",
            stretches_of({name: [each.systems[name] for each in rounds] for name in names}),
        ]
    )
    return text, [
        Target(
            "word error rate, against the model's offline one",
            [m.word_error_rate for m in ours],
            offline.middle,
            digits=3,
        ),
        Target("processor time, against moonshine's own streaming, one thread each", ratios, 1.0),
        Target(
            "first partial after the beginning of speech, p50, s",
            [m.first_partial_s for m in ours],
            1.0,
        ),
        Target("final after the end of speech, p50, s", [m.final_delay_s for m in ours], 0.8),
        Target("normalized erasure, balanced", [m.erasure for m in ours], 0.2),
    ]


def _order(measured: Iterable[str]) -> list[str]:
    known = [*_OURS, STREAMING]
    return sorted(measured, key=lambda name: known.index(name) if name in known else len(known))
