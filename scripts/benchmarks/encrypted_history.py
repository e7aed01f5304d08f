"""An encrypted history beside the plain one that it was made from, round by round in turns.

What counts is the time of the processor, which other programs do not change much.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path
from statistics import quantiles
from typing import Final

from captioner.core.segment import Segment
from captioner.transcript.export import TranscriptFormat
from captioner.transcript.history import looking
from captioner.transcript.history.converting import convert
from captioner.transcript.history.database import file_size, open_history
from captioner.transcript.history.exporting import exported
from captioner.transcript.history.keys import keys_come_from
from captioner.transcript.history.records import Batch, KeptSegment, Run
from captioner.transcript.history.writing import keep
from scripts.benchmarks.table import Figure, markdown

_WRITES: Final = 50
_QUERIES: Final = 60


def compared(plain: Path, rounds: int, questions: dict[str, Callable[[], str]]) -> str:
    """Return a table that compares ``plain``, which nobody has open, with an encrypted copy."""
    key = secrets.token_hex(32)
    keys_come_from(lambda _new: key)
    encrypted = plain.parent / "encrypted" / plain.name
    encrypted.parent.mkdir()
    shutil.copy(plain, encrypted)
    there_s = _seconds(lambda: convert(encrypted, encrypted=True))
    measures = {
        "opening and closing": _opening_ms,
        **{
            f"search, {name}, p95": lambda path, ask=ask: _search_ms(path, ask)
            for name, ask in questions.items()
        },
        "export of a day": _export_ms,
        "a caption written and on the disk": _write_ms,
    }
    rows = []
    for name, measure in measures.items():
        found = [[measure(path) for path in (plain, encrypted)] for _ in range(rounds)]
        one, other = zip(*found, strict=True)
        ratio = Figure([b / a for a, b in found], " times")
        rows.append(
            [
                name,
                str(Figure(one, " ms", digits=1)),
                str(Figure(other, " ms", digits=1)),
                f"{ratio}",
            ]
        )
    sizes = file_size(plain) / 1e6, file_size(encrypted) / 1e6
    rows.append(["size", *(f"{each:.1f} MB" for each in sizes), f"{sizes[1] / sizes[0]:.2f} times"])
    back_s = _seconds(lambda: convert(encrypted, encrypted=False))
    table = markdown(["processor", "plain", "encrypted", "ratio"], rows)
    ways = f"To encrypt all of it took {there_s:.1f} s of the processor, and {back_s:.1f} s back."
    return f"{table}\n\n{ways}"


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _opening_ms(path: Path) -> float:
    return 1000 * _seconds(lambda: open_history(path).close())


def _search_ms(path: Path, ask: Callable[[], str]) -> float:
    with closing(open_history(path)) as connection:
        times = [_seconds(lambda: looking.search(connection, ask())) for _ in range(_QUERIES)]
    return 1000 * quantiles(times, n=20)[-1]


def _export_ms(path: Path) -> float:
    with closing(open_history(path)) as connection:
        newest = looking.runs(connection)[0]
        return 1000 * _seconds(lambda: exported(connection, [newest], TranscriptFormat.TXT))


def _write_ms(path: Path) -> float:
    numbers = count()

    def write() -> None:
        number = next(numbers)
        segment = Segment(number, "said while it was measured", True, number, number + 1)  # noqa: FBT003
        key = "measured"
        keep(connection, Batch({key: Run(key, 1.0)}, [(key, KeptSegment(segment, 1.0))]))

    with closing(open_history(path)) as connection:
        took = 1000 * _seconds(lambda: [write() for _ in range(_WRITES)]) / _WRITES
        connection.execute("DELETE FROM run WHERE key = 'measured'")
    return took
