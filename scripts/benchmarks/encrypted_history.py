"""An encrypted history beside the plain one that it was made from, round by round in turns.

What counts is the time of the processor, which other programs do not change much.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
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
from scripts.benchmarks.timing import OFTEN, REPEATED, once, p95

_WRITES: Final = 50


@dataclass(frozen=True, slots=True)
class Pair:
    """A quantity of both histories."""

    plain: float
    encrypted: float


@dataclass(frozen=True, slots=True)
class Round:
    """What one round measured.

    Attributes:
        took_ms: Of the processor, by what was done.
        size_mb: Of the files.
        there_s: To encrypt all of it, of the processor.
        back_s: To decrypt all of it.
    """

    took_ms: dict[str, Pair]
    size_mb: Pair
    there_s: float
    back_s: float


def measure(plain: Path, questions: dict[str, Callable[[], str]]) -> Round:
    """Compare ``plain``, which nobody has open, with an encrypted copy that is made for it."""
    key = secrets.token_hex(32)
    keys_come_from(lambda _new: key)
    encrypted = plain.parent / "encrypted" / plain.name
    encrypted.parent.mkdir()
    shutil.copy(plain, encrypted)
    there_s = _ms(lambda: convert(encrypted, encrypted=True)) / 1000
    took_ms = {"opening and closing": _middles(_opening_ms, plain, encrypted)}
    for name, ask in questions.items():
        asked = [ask() for _ in range(OFTEN)]
        took_ms[f"search, {name}, p95"] = Pair(
            _search_ms(plain, asked), _search_ms(encrypted, asked)
        )
    took_ms["export of a day"] = _middles(_export_ms, plain, encrypted)
    took_ms["a caption written"] = _middles(_write_ms, plain, encrypted)
    size_mb = Pair(file_size(plain) / 1e6, file_size(encrypted) / 1e6)
    back_s = _ms(lambda: convert(encrypted, encrypted=False)) / 1000
    return Round(took_ms, size_mb, there_s, back_s)


def report(rounds: Sequence[Round]) -> str:
    """Return the table of all rounds."""
    rows = [
        _row(name, [each.took_ms[name] for each in rounds], " ms") for name in rounds[0].took_ms
    ]
    rows.append(_row("size", [each.size_mb for each in rounds], " MB"))
    table = markdown(["processor", "plain", "encrypted", "ratio"], rows)
    there = Figure([each.there_s for each in rounds], " s", 1)
    back = Figure([each.back_s for each in rounds], " s", 1)
    ways = f"To encrypt all of it took {there} of the processor, and {back} back."
    return f"{table}\n\n{ways}"


def _row(name: str, pairs: list[Pair], unit: str) -> list[str]:
    return [
        name,
        str(Figure([each.plain for each in pairs], unit, 1)),
        str(Figure([each.encrypted for each in pairs], unit, 1)),
        str(Figure([each.encrypted / each.plain for each in pairs], " times")),
    ]


def _middles(measure_ms: Callable[[Path], float], plain: Path, encrypted: Path) -> Pair:
    found = [(measure_ms(plain), measure_ms(encrypted)) for _ in range(REPEATED)]
    one, other = zip(*found, strict=True)
    return Pair(median(one), median(other))


def _ms(work: Callable[[], object]) -> float:
    return once(work).processor


def _opening_ms(path: Path) -> float:
    return _ms(lambda: open_history(path).close())


def _search_ms(path: Path, asked: list[str]) -> float:
    with closing(open_history(path)) as connection:
        questions = iter(asked)
        return p95(lambda: looking.search(connection, next(questions))).processor


def _export_ms(path: Path) -> float:
    with closing(open_history(path)) as connection:
        newest = looking.runs(connection)[0]
        return _ms(lambda: exported(connection, [newest], TranscriptFormat.TXT))


def _write_ms(path: Path) -> float:
    def write() -> None:
        for number in range(_WRITES):
            segment = Segment(number, "said while it was measured", True, number, number + 1)  # noqa: FBT003
            key = "measured"
            keep(connection, Batch({key: Run(key, 1.0)}, [(key, KeptSegment(segment, 1.0))]))

    with closing(open_history(path)) as connection:
        took = _ms(write) / _WRITES
        connection.execute("DELETE FROM run WHERE key = 'measured'")
    return took
