"""The history after a working year: 100,000 captions searched, opened, exported and deleted.

Beside each figure stands one of the least that it could be compared with: a search without an
index, a read of the rows without a format, an editor of Qt that gets the bare text. A user
waits by the clock, so that is what is judged; the processor's time beside it tells whether the
machine was busy.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
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
from captioner.transcript.history.recovery import what_is_damaged
from captioner.transcript.history.writing import delete_runs, tidy
from scripts.benchmarks import encrypted_history
from scripts.benchmarks.table import Figure, Target, conditions, markdown
from scripts.benchmarks.timing import Took, middle, p95
from scripts.benchmarks.working_year import CAPTIONS, DAY_CAPTIONS, Words, fill
from tests.support.screen import running_screen

_FINALS: Final = 20
_WHAT: Final = (
    "A working year of made-up captions, each with the times of its words. The ratios compare "
    "processor time: a search with one that has no index, an export with a read of the same rows, "
    "a window with an editor of Qt that gets the bare text. What is judged is what a user waits, "
    "by the clock, for the slowest of a kind in each round."
)
_WINDOWS: Final = {"past transcripts": "past", "transcript of this run": "present"}
_EDITOR: Final = "plain"


@dataclass(frozen=True, slots=True)
class Round:
    """What one round measured.

    Attributes:
        searches: 95 in 100 are done by then, by what is searched for.
        scan: Of all captions, without the index.
        listing: Of all transcripts.
        rows: Of a day, read with all words.
        exports: Of a day, by format.
        check: That of a start.
        windows: To the first screen, by window.
        stalls: The longest until all is there, in milliseconds, by window.
        deleted_s: One transcript, with nothing of it left.
        durable_ms: From a final to the file, for 95 in 100.
        size_mb: Of the whole file.
        busy: Processes that wanted the processor meanwhile.
        encrypted: The same history, encrypted.
    """

    searches: dict[str, Took]
    scan: Took
    listing: Took
    rows: Took
    exports: dict[str, Took]
    check: Took
    windows: dict[str, Took]
    stalls: dict[str, float]
    deleted_s: float
    durable_ms: float
    size_mb: float
    busy: float
    encrypted: encrypted_history.Round


def measure() -> Round:
    """Do one round, with a history that is filled for it."""
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder)
        path = profile / "data" / "history.db"
        words = Words()
        with closing(open_history(path)) as connection:
            fill(connection, words)
            searches = {
                name: p95(_searching(connection, ask)) for name, ask in words.questions.items()
            }
            scan = middle(lambda: _scan(connection, words))
            newest = looking.runs(connection)[0]
            listing = middle(lambda: looking.runs(connection))
            rows = middle(lambda: list(looking.segments(connection, newest.number)))
            exports = {
                str(form): middle(partial(exported, connection, [newest], form))
                for form in TranscriptFormat
            }
            check = middle(lambda: what_is_damaged(connection))
        size = file_size(path)
        opened = _opened(profile)
        encrypted = encrypted_history.measure(path, words.questions)
        with closing(open_history(path)) as connection:
            began = time.perf_counter()
            delete_runs(connection, [newest.number])
            tidy(connection)
            deleted_s = time.perf_counter() - began
        return Round(
            searches=searches,
            scan=scan,
            listing=listing,
            rows=rows,
            exports=exports,
            check=check,
            windows={name: Took(each["first"], each["processor"]) for name, each in opened.items()},
            stalls={name: each["stall"] for name, each in opened.items()},
            deleted_s=deleted_s,
            durable_ms=_durable_ms(profile / "live"),
            size_mb=size / 1e6,
            busy=os.getloadavg()[1],
            encrypted=encrypted,
        )


def report(rounds: Sequence[Round]) -> tuple[str, list[Target]]:
    """Return a Markdown report of all rounds, and the targets with their verdicts."""
    busy = Figure([each.busy for each in rounds], digits=1)
    text = "\n\n".join(
        [
            "### History",
            conditions(len(rounds), "PySide6-Essentials")
            + f" SQLite {sqlite3.sqlite_version}; {busy} processes wanted the processor meanwhile.",
            markdown(
                [f"with {CAPTIONS:,} captions", "by the clock", "processor", "ratio"],
                [*_compared_rows(rounds), *_other_rows(rounds)],
            ),
            _WHAT,
            "Encrypted, against the same history in a plain file:",
            encrypted_history.report([each.encrypted for each in rounds]),
        ]
    )
    return text, _targets(rounds)


def _compared_rows(rounds: Sequence[Round]) -> list[list[str]]:
    day = f"of a day, {DAY_CAPTIONS:,} captions"
    scan, rows = [each.scan for each in rounds], [each.rows for each in rounds]
    editor = [each.windows[_EDITOR] for each in rounds]
    return [
        *(
            _row(f"search, {name}, p95", [each.searches[name] for each in rounds], scan, "a scan")
            for name in rounds[0].searches
        ),
        _row("scan of all captions without the index", scan),
        _row("list of all transcripts", [each.listing for each in rounds]),
        *(
            _row(f"export {day}, {form}", [each.exports[form] for each in rounds], rows, "the rows")
            for form in rounds[0].exports
        ),
        _row(f"rows {day}, read with all words", rows),
        *(
            _row(
                f"{window}, {day}, first screen",
                [each.windows[key] for each in rounds],
                editor,
                "an editor",
                digits=0,
            )
            for window, key in _WINDOWS.items()
        ),
    ]


def _other_rows(rounds: Sequence[Round]) -> list[list[str]]:
    deleted = Figure([each.deleted_s for each in rounds], " s")
    durable = Figure([each.durable_ms for each in rounds], " ms", 0)
    size = Figure([each.size_mb for each in rounds], " MB", 1)
    day = Figure([each.size_mb / CAPTIONS * DAY_CAPTIONS for each in rounds], " MB")
    stalls = {
        window: Figure([each.stalls[key] for each in rounds], " ms", 0)
        for window, key in _WINDOWS.items()
    }
    return [
        *(
            [f"{window}, longest stall until all is there", str(stall), "", ""]
            for window, stall in stalls.items()
        ),
        _row(
            "editor of Qt with the bare text, first screen",
            [each.windows[_EDITOR] for each in rounds],
            digits=0,
        ),
        _row("check at start", [each.check for each in rounds]),
        ["one transcript deleted, nothing of it left", str(deleted), "", ""],
        ["final given to the history until it is in the file, p95", str(durable), "", ""],
        [f"size of {CAPTIONS:,} captions", str(size), "", ""],
        ["size of eight hours of talk without a pause", str(day), "", ""],
    ]


def _row(
    name: str, took: list[Took], least: list[Took] | None = None, what: str = "", *, digits: int = 1
) -> list[str]:
    """Return a row of the table, compared round by round with the least that it could take."""
    ratio = ""
    if least is not None:
        pairs = zip(took, least, strict=True)
        ratios = [one.processor / other.processor for one, other in pairs]
        ratio = str(Figure(ratios, f" of {what}"))
    clock = Figure([each.clock for each in took], " ms", digits)
    processor = Figure([each.processor for each in took], " ms", digits)
    return [name, str(clock), str(processor), ratio]


def _targets(rounds: Sequence[Round]) -> list[Target]:
    def worst(of: Callable[[Round], dict[str, Took]]) -> list[float]:
        return [max(took.clock for took in of(each).values()) for each in rounds]

    windows = _WINDOWS.values()
    opened = worst(lambda each: {key: each.windows[key] for key in windows})
    stalls = [max(each.stalls[key] for key in windows) for each in rounds]
    exports = [ms / 1000 for ms in worst(lambda each: each.exports)]
    durable = [each.durable_ms for each in rounds]
    return [
        Target("search of 100,000 captions, p95, ms", worst(lambda each: each.searches), 50.0, 1),
        Target("transcript window opened, ms", opened, 300.0, 0),
        Target("longest stall while lines come, ms", stalls, 50.0, 0),
        Target("export of a day, s", exports, 1.0),
        Target("final until it is in the file, p95, ms", durable, 1000.0, 0),
    ]


def _opened(profile: Path) -> dict[str, dict[str, float]]:
    """Return how long the windows take to their first screen, and how long they stall then."""
    with running_screen(compositor=True) as screen:
        done = subprocess.run(
            [sys.executable, "-m", "scripts.benchmarks.run_transcripts", str(profile)],
            env=os.environ | screen.changes,
            capture_output=True,
            text=True,
            check=True,
        )
    opened: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return opened


def _scan(connection: sqlite3.Connection, words: Words) -> None:
    connection.execute(
        "SELECT count(*) FROM segment WHERE text LIKE ?", (f"%{words.text(1)[0]}%",)
    ).fetchone()


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
