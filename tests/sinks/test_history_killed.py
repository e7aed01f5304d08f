"""kill -9 at any moment: the history stays whole and has all that was shown for a second.

Half of the writers are killed while they caption, half while a caption is open.
"""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from captioner.transcript.history.database import open_history
from captioner.transcript.history.recovery import what_is_damaged

_DURABLE_S = 1.0
_WRITER = """
import sys, time
from pathlib import Path
from captioner.core.events import CaptionChanged
from captioner.core.segment import Segment
from captioner.settings.models import Settings
from captioner.sinks.history import HistorySink

name, folder, finals = sys.argv[1:]
sink = HistorySink(Settings(), Path(folder), print)
for number in range(int(finals) + 1):
    for is_final in (False, True):
        if is_final and number == int(finals):
            break
        text = f"{name} said {number} " + "and more words " * (number % 7)
        segment = Segment(number, text, is_final, number * 1000, number * 1000 + 900)
        sink(CaptionChanged(segment, text))
    print(time.monotonic(), number, flush=True)
    time.sleep(0.01)
time.sleep(600)
"""
_FINALS = {"talks": 50_000, "pauses": 10}
"""How many finals a writer says before it leaves a caption open."""


def shown_then_killed(round_: int, folder: Path, moments: random.Random) -> set[str]:
    """Let writers of one history caption, kill each at its moment; return what must be kept."""
    writers = {
        name: subprocess.Popen(
            [sys.executable, "-c", _WRITER, name, str(folder), str(finals)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for habit, finals in _FINALS.items()
        for name in (f"{habit} {round_} a", f"{habit} {round_} b")
    }
    first = {name: next(iter(writer.stdout or ())) for name, writer in writers.items()}
    time.sleep(_DURABLE_S)
    kept: set[str] = set()
    for name, writer in writers.items():
        time.sleep(moments.uniform(0.0, 0.5))
        killed_at = time.monotonic()
        writer.kill()
        lines = [first[name], *writer.communicate()[0].splitlines(keepends=True)]
        shown = [line.split() for line in lines if line.endswith("\n")]
        kept |= {f"{name} said {n}" for at, n in shown if float(at) < killed_at - _DURABLE_S}
    return kept


@pytest.mark.parametrize(
    "rounds", [2, pytest.param(25, marks=[pytest.mark.slow, pytest.mark.timeout(900)])]
)
def test_nothing_shown_is_lost_and_the_file_is_whole(tmp_path: Path, rounds: int) -> None:
    moments = random.Random(5)  # noqa: S311  # moments, not secrets
    expected: set[str] = set()
    for number in range(rounds):
        expected |= shown_then_killed(number, tmp_path, moments)
    last = f" said {_FINALS['pauses']}"
    still_open = {text for text in expected if text.startswith("pauses") and text.endswith(last)}
    assert len(expected) > rounds * 24
    assert still_open
    with closing(open_history(tmp_path / "history.db")) as connection:
        assert what_is_damaged(connection, thorough=True) == ""
        finals = said_in(connection, "SELECT text FROM segment")
        unfinished = said_in(connection, "SELECT text FROM unfinished")
    assert expected - still_open <= finals
    assert still_open <= unfinished
    assert finals.isdisjoint(unfinished)
    assert [file.name for file in tmp_path.iterdir() if "damaged" in file.name] == []


def said_in(connection: sqlite3.Connection, query: str) -> set[str]:
    """Return what each caption begins with: who said the how manieth."""
    return {row[0].partition(" and more")[0].strip() for row in connection.execute(query)}
