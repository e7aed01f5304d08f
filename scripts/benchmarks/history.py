"""The history after a working year: 100,000 captions searched, opened, exported and deleted.

Beside each figure stands one of the least that it could be compared with: a search without an
index, a read of the rows without a format, an editor of Qt that gets the bare text. A user
waits by the clock, so that is what is judged; the processor's time beside it tells whether the
machine was busy.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from itertools import accumulate
from pathlib import Path
from statistics import quantiles
from typing import Final, NamedTuple

from captioner.core.events import CaptionChanged
from captioner.core.hypothesis import Word
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
from scripts.benchmarks.encrypted_history import compared
from scripts.benchmarks.table import Figure, Target, conditions, markdown
from tests.support.screen import running_screen

_RUNS: Final = 238
_SEGMENTS: Final = 400
_SECONDS_EACH: Final = 6
_VOCABULARY: Final = 20_000
_QUERIES: Final = 60
_FINALS: Final = 20
_DAY_SEGMENTS: Final = 8 * 3600 // _SECONDS_EACH
_WHAT: Final = (
    "A working year of made-up captions, each with the times of its words. The ratios compare "
    "processor time: a search with one that has no index, an export with a read of the same rows, "
    "a window with an editor of Qt that gets the bare text. What is judged is what a user waits, "
    "by the clock."
)
_WINDOWS: Final = {"past transcripts": "past", "transcript of this run": "present"}


def run(rounds: int) -> tuple[str, list[Target]]:
    """Measure; return a Markdown report and the targets with their verdicts."""
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder)
        path = profile / "data" / "history.db"
        words = _Words()
        with closing(open_history(path)) as connection:
            _fill(connection, words)
            size = file_size(path)
            asked = {
                name: _p95_ms(rounds, _searching(connection, ask))
                for name, ask in words.questions.items()
            }
            scanned = _times_ms(rounds, lambda: _scan(connection, words))
            newest = looking.runs(connection)[0]
            listed = _times_ms(rounds, lambda: looking.runs(connection))
            rows_read = _times_ms(rounds, lambda: list(looking.segments(connection, newest.number)))
            exports = {
                form: _times_ms(rounds, partial(exported, connection, [newest], form))
                for form in TranscriptFormat
            }
            checked = _times_ms(rounds, lambda: what_is_damaged(connection))
        opened, stalls = _opened(rounds, profile)
        encrypted = compared(path, rounds, words.questions)
        with closing(open_history(path)) as connection:
            began = time.perf_counter()
            delete_runs(connection, [newest.number])
            tidy(connection)
            deleted_s = time.perf_counter() - began
        durable = _durable_ms(profile / "live")
    captions = _RUNS * _SEGMENTS + _DAY_SEGMENTS
    day_mb = size / captions * _DAY_SEGMENTS / 1e6
    day = f"of a day, {_DAY_SEGMENTS:,} captions"
    rows = [
        *(asked[name].row(f"search, {name}, p95", scanned, "a scan") for name in asked),
        scanned.row("scan of all captions without the index"),
        listed.row("list of all transcripts"),
        *(exports[form].row(f"export {day}, {form}", rows_read, "the rows") for form in exports),
        rows_read.row(f"rows {day}, read with all words"),
        *(
            opened[key].row(f"{window}, {day}, first screen", opened["plain"], "an editor")
            for window, key in _WINDOWS.items()
        ),
        *(
            [f"{window}, longest stall until all is there", str(stalls[key]), "", ""]
            for window, key in _WINDOWS.items()
        ),
        opened["plain"].row("editor of Qt with the bare text, first screen"),
        checked.row("check at start"),
        ["one transcript deleted, nothing of it left", f"{deleted_s:.2f} s", "", ""],
        ["final given to the history until it is in the file, p95", f"{durable:.0f} ms", "", ""],
        [f"size of {captions:,} captions", f"{size / 1e6:.1f} MB", "", ""],
        ["size of eight hours of talk without a pause", f"{day_mb:.2f} MB", "", ""],
    ]
    busy = f"{os.getloadavg()[1]:.1f} processes wanted the processor meanwhile."
    report = "\n\n".join(
        [
            "### History",
            conditions(rounds, "PySide6-Essentials") + f" SQLite {sqlite3.sqlite_version}; {busy}",
            markdown([f"with {captions:,} captions", "by the clock", "processor", "ratio"], rows),
            _WHAT,
            "Encrypted, against the same history in a plain file:",
            encrypted,
        ]
    )
    worst_search = max(time.clock.middle for time in asked.values())
    worst_export = max(time.clock.middle for time in exports.values())
    windows = _WINDOWS.values()
    targets = [
        Target("search of 100,000 captions, p95, ms", worst_search, 50.0, 1),
        Target(
            "transcript window opened, ms",
            max(opened[key].clock.middle for key in windows),
            300.0,
            0,
        ),
        Target(
            "longest stall while lines come, ms",
            max(stalls[key].middle for key in windows),
            50.0,
            0,
        ),
        Target("export of a day, s", worst_export / 1000, 1.0),
        Target("final until it is in the file, p95, ms", durable, 1000.0, 0),
    ]
    return report, targets


def _opened(rounds: int, profile: Path) -> tuple[dict[str, _Time], dict[str, Figure]]:
    """Return how long the windows take to their first screen, and how long they stall then."""
    found: list[dict[str, dict[str, float]]] = []
    with running_screen(compositor=True) as screen:
        for _ in range(rounds):
            done = subprocess.run(
                [sys.executable, "-m", "scripts.benchmarks.run_transcripts", str(profile)],
                env=os.environ | screen.changes,
                capture_output=True,
                text=True,
                check=True,
            )
            found.append(json.loads(done.stdout.splitlines()[-1]))

    def figure(window: str, part: str) -> Figure:
        return Figure([each[window][part] for each in found], " ms", 0)

    times = {each: _Time(figure(each, "first"), figure(each, "processor")) for each in found[0]}
    return times, {each: figure(each, "stall") for each in found[0]}


def _scan(connection: sqlite3.Connection, words: _Words) -> None:
    connection.execute(
        "SELECT count(*) FROM segment WHERE text LIKE ?", (f"%{words.text(1)[0]}%",)
    ).fetchone()


class _Time(NamedTuple):
    """How long something takes, and how much of it the processor works for it."""

    clock: Figure
    processor: Figure

    def row(self, name: str, least: _Time | None = None, what: str = "") -> list[str]:
        """Return its row of the table, compared with the least that it could take."""
        ratio = ""
        if least is not None:
            ratio = f"{self.processor.middle / least.processor.middle:.2f} of {what}"
        return [name, str(self.clock), str(self.processor), ratio]


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
            said = words.text(14)
            start = at * 1000
            # As recognisers give them: each word with its times.
            timed = tuple(
                Word(word, start + 380 * n, start + 380 * n + 340, 0.9)
                for n, word in enumerate(said)
            )
            text, end = " ".join(said), start + 5300
            segment = Segment(place, text, True, start, end, confidence=0.9, words=timed)  # noqa: FBT003  # is final
            finals.append((key, KeptSegment(segment, began + at)))
        run = Run(key, began, began + len(finals) * _SECONDS_EACH, "Speakers", "Embedded engine")
        keep(connection, Batch(runs={key: run}, finals=finals))


def _times_ms(rounds: int, work: Callable[[], object]) -> _Time:
    clock, processor = [], []
    for _ in range(rounds):
        began, used = time.perf_counter(), time.process_time()
        work()
        clock.append((time.perf_counter() - began) * 1000)
        processor.append((time.process_time() - used) * 1000)
    return _Time(Figure(clock, " ms", 1), Figure(processor, " ms", 1))


def _p95_ms(rounds: int, work: Callable[[], object]) -> _Time:
    times = [_times_ms(_QUERIES, work) for _ in range(rounds)]
    clock, processor = (
        Figure([quantiles(figure.values, n=20)[-1] for figure in figures], " ms", 1)
        for figures in zip(*times, strict=True)
    )
    return _Time(clock, processor)


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
