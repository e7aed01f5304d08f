"""The embedded engine through the whole path against moonshine's own streaming, in real time."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from captioner.core.stability import StabilityMode
from scripts.benchmarks.moonshine import read_offline
from scripts.benchmarks.record import MEASURES, Measures, Record, figures, measure, record_of
from scripts.benchmarks.speech import CLIPS
from scripts.benchmarks.table import Figure, Target, conditions, markdown
from tests.support.clips import word_error_rate

_OURS = [f"captioner ({mode})" for mode in StabilityMode]
_BALANCED = f"captioner ({StabilityMode.BALANCED})"
_THEIRS = "moonshine streaming"


def offline_word_error_rate() -> float:
    """Return the model's own figure: the library's offline call over each clip, whole."""
    said = read_offline(clip.path for clip in CLIPS.values())
    return word_error_rate(" ".join(clip.text for clip in CLIPS.values()), " ".join(said))


def run(rounds: int) -> tuple[str, list[Target]]:
    """Measure; return a Markdown report and the targets with their verdicts."""
    measured: dict[str, list[Measures]] = {}
    for number in range(rounds):
        print(f"round {number + 1} of {rounds} …", file=sys.stderr, flush=True)
        runs: dict[str, list[Record]] = {}
        for clip in CLIPS:
            for mode in StabilityMode:
                record = record_of("run_captioner", clip, mode.value)
                runs.setdefault(record.system, []).append(record)
                if mode is StabilityMode.BALANCED:
                    record = record_of("run_moonshine", clip)
                    runs.setdefault(record.system, []).append(record)
        for system, records in runs.items():
            measured.setdefault(system, []).append(measure(records, CLIPS))
    offline = offline_word_error_rate()
    ratios = [
        ours.processor / theirs.processor
        for ours, theirs in zip(measured[_BALANCED], measured[_THEIRS], strict=True)
    ]
    ours = measured[_BALANCED]
    targets = [
        Target(
            "word error rate, against the model's offline one",
            Figure([m.word_error_rate for m in ours]).middle,
            offline,
            digits=3,
        ),
        Target("processor time, against moonshine's own streaming", Figure(ratios).middle, 0.8),
        Target(
            "first partial after the beginning of speech, p50, s",
            Figure([m.first_partial_s for m in ours]).middle,
            1.0,
        ),
        Target(
            "final after the end of speech, p50, s",
            Figure([m.final_delay_s for m in ours]).middle,
            0.8,
        ),
        Target("normalized erasure, balanced", Figure([m.erasure for m in ours]).middle, 0.2),
    ]
    report = "\n\n".join(
        [
            "### Embedded engine, whole path, real time",
            conditions(rounds, "moonshine-voice", "grpcio"),
            markdown(
                ["system", *MEASURES],
                [[name, *map(str, figures(measured[name]))] for name in _order(measured)]
                + [["moonshine offline", f"{offline:.3f}", "–", "–", "–", "–"]],  # noqa: RUF001 - none
            ),
            f"Processor time against moonshine's own streaming: {Figure(ratios)} times.",
        ]
    )
    return report, targets


def _order(measured: Iterable[str]) -> list[str]:
    known = [*_OURS, _THEIRS]
    return sorted(measured, key=lambda name: known.index(name) if name in known else len(known))
