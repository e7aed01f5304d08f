"""The history after a working year: 100,000 captions searched, listed, exported and deleted."""

from __future__ import annotations

import random
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from itertools import accumulate
from pathlib import Path
from statistics import quantiles
from typing import Final

from captioner.core.events import CaptionChanged
from captioner.core.segment import Segment
from captioner.settings.models import Settings
from captioner.sinks.history import HistorySink
from captioner.transcript.export import TranscriptFormat
from captioner.transcript.history import looking
from captioner.transcript.history.database import file_size, open_history
from captioner.transcript.history.exporting import exported
from captioner.transcript.history.records import Batch, KeptSegment, Run
from captioner.transcript.history.recovery import what_is_damaged
from captioner.transcript.history.writing import delete_runs, keep, tidy
from scripts.benchmarks.table import Figure, Target, conditions, markdown

_RUNS: Final = 238
_SEGMENTS: Final = 400
_SECONDS_EACH: Final = 6
_VOCABULARY: Final = 20_000
_QUERIES: Final = 60
_FINALS: Final = 20
_DAY_SEGMENTS: Final = 8 * 3600 // _SECONDS_EACH


def run(rounds: int) -> tuple[str, list[Target]]:
    """Measure; return a Markdown report and the targets with their verdicts."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.db"
        words = _Words()
        with closing(open_history(path)) as connection:
            _fill(connection, words)
            size = file_size(path)
            asked = {
                name: _p95_ms(rounds, _searching(connection, ask))
                for name, ask in words.questions.items()
            }
            newest = looking.runs(connection)[0]
            listed = _times_ms(rounds, lambda: looking.runs(connection))
            exports = {
                form: _times_ms(rounds, partial(exported, connection, [newest], form))
                for form in TranscriptFormat
            }
            checked = _times_ms(rounds, lambda: what_is_damaged(connection))
            began = time.perf_counter()
            delete_runs(connection, [newest.number])
            tidy(connection)
            deleted_s = time.perf_counter() - began
        durable = _durable_ms(Path(folder) / "live")
    captions = _RUNS * _SEGMENTS + _DAY_SEGMENTS
    worst_search = max(figure.middle for figure in asked.values())
    worst_export = max(figure.middle for figure in exports.values())
    day_mb = size / captions * _DAY_SEGMENTS / 1e6
    rows = [
        *([f"search, {name}, p95", str(figure)] for name, figure in asked.items()),
        ["list of all transcripts", str(listed)],
        *(
            [f"export of a day, {_DAY_SEGMENTS:,} captions, {f.value}", str(t)]
            for f, t in exports.items()
        ),
        ["check at start", str(checked)],
        ["one transcript deleted, nothing of it left", f"{deleted_s:.2f} s"],
        ["final given to the history until it is in the file, p95", f"{durable:.0f} ms"],
        [f"size of {captions:,} captions", f"{size / 1e6:.1f} MB"],
        ["size of eight hours of talk without a pause", f"{day_mb:.2f} MB"],
    ]
    report = "\n\n".join(
        [
            "### History",
            conditions(rounds, "pydantic") + f" SQLite {sqlite3.sqlite_version}.",
            markdown([f"with {captions:,} captions", "median (spread)"], rows),
        ]
    )
    targets = [
        Target("search of 100,000 captions, p95, ms", worst_search, 50.0),
        Target("export of a day, s", worst_export / 1000, 1.0),
        Target("final until it is in the file, p95, ms", durable, 1000.0),
    ]
    return report, targets


class _Words:
    """Made-up words, as frequent as those of a language: the second half as often as the first."""

    def __init__(self) -> None:
        self._random = random.Random(1)  # noqa: S311  # the same text in each run
        syllables = ["ka", "lo", "mi", "tre", "sun", "vor", "pel", "da", "qui", "nost", "ber", "ly"]
        self._all = [
            "".join(self._random.choices(syllables, k=self._random.randint(1, 4))) + str(n % 10)
            for n in range(_VOCABULARY)
        ]
        self._weights = list(accumulate(1 / (n + 1) for n in range(_VOCABULARY)))
        self.questions: dict[str, Callable[[], str]] = {
            "a frequent word": lambda: self._all[self._random.randint(0, 9)],
            "a rare word": lambda: self._all[self._random.randint(5_000, _VOCABULARY - 1)],
            "two words": lambda: " ".join(self.text(2)),
            "the beginning of a word": lambda: self._random.choice(self._all)[:3],
            "a phrase": lambda: f'"{" ".join(self.text(2))}"',
        }

    def text(self, count: int) -> list[str]:
        return self._random.choices(self._all, cum_weights=self._weights, k=count)


def _fill(connection: sqlite3.Connection, words: _Words) -> None:
    for number in range(_RUNS + 1):
        began = 1_700_000_000.0 + number * 86_400
        key = f"run {number}"
        finals = []
        # The last one is a day of talk without a pause.
        for place in range(_SEGMENTS if number < _RUNS else _DAY_SEGMENTS):
            at = place * _SECONDS_EACH
            text = " ".join(words.text(14))
            segment = Segment(place, text, is_final=True, start_ms=at * 1000, end_ms=at * 1000 + 5)
            finals.append((key, KeptSegment(segment, began + at)))
        run = Run(key, began, began + len(finals) * _SECONDS_EACH, "Speakers", "Embedded engine")
        keep(connection, Batch(runs={key: run}, finals=finals))


def _times_ms(rounds: int, work: Callable[[], object]) -> Figure:
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return Figure(times, " ms", digits=1)


def _p95_ms(rounds: int, work: Callable[[], object]) -> Figure:
    return Figure(
        [quantiles(_times_ms(_QUERIES, work).values, n=20)[-1] for _ in range(rounds)],
        " ms",
        digits=1,
    )


def _searching(connection: sqlite3.Connection, ask: Callable[[], str]) -> Callable[[], object]:
    return lambda: looking.search(connection, ask())


def _durable_ms(folder: Path) -> float:
    """Return how long it takes, p95, until another connection can read a final."""
    sink = HistorySink(Settings(), folder, print)
    path = folder / "history.db"
    times = []
    for number in range(_FINALS):
        text = f"caption {number}"
        segment = Segment(number, text, is_final=True, start_ms=0, end_ms=1)
        began = time.perf_counter()
        sink(CaptionChanged(segment, text))
        while not path.exists():
            time.sleep(0.005)
        with closing(open_history(path)) as connection:
            while looking.count(connection)[1] <= number:
                time.sleep(0.005)
        times.append((time.perf_counter() - began) * 1000)
    sink.close()
    return quantiles(times, n=20)[-1]
