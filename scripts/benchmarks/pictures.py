"""What of a report a picture tells better than a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from scripts.benchmarks.drawing import bars
from scripts.benchmarks.figures import Key, Reading
from scripts.benchmarks.material import CONDITIONS

_ENGINE: Final = "Embedded engine, whole path, real time"
_PEERS: Final = "Beside what users would pick, real time"
_DELAYS: Final = ("first partial", "final")
_AFTER: Final = "first partial after the beginning, final after the end of speech; median, s"


@dataclass(frozen=True, slots=True)
class Picture:
    """Columns of a section side by side.

    Attributes:
        name: Of its file.
        title: Below it.
        section: Of the report.
        columns: What is drawn; all of them where there are none.
        without: Rows that begin like this are something else.
        rows: Those that are drawn; all where there are none.
    """

    name: str
    title: str
    section: str
    columns: tuple[str, ...] = ()
    without: str = ""
    rows: tuple[str, ...] = ()


PICTURES: Final = (
    Picture("engine-errors", "word error rate", _ENGINE, ("word error rate",)),
    Picture("engine-latency", _AFTER, _ENGINE, _DELAYS),
    Picture("peers-errors", "word error rate", _PEERS, ("word error rate",), "against"),
    Picture("peers-latency", _AFTER, _PEERS, _DELAYS, "against"),
    Picture(
        "conditions-errors",
        "word error rate, heard once",
        "Where listening is hard",
        rows=CONDITIONS,
    ),
    Picture(
        "capacity",
        "streams at once, ms",
        "Streams at once, embedded engine",
        ("end of speech to final, p50", "p95"),
    ),
    Picture(
        "streams-of-a-core",
        "real-time streams of one core",
        "Client against NVIDIA's, scripted server, real time",
        ("real-time streams",),
    ),
)


def pictures(figures: dict[Key, Reading]) -> Iterator[tuple[Picture, str]]:
    """Yield each picture that the figures suffice for, and its SVG."""
    for picture in PICTURES:
        found = {
            (row, column): figure.middle
            for (section, row, column), figure in figures.items()
            if section == picture.section
            and (not picture.columns or column in picture.columns)
            and not (picture.without and row.startswith(picture.without))
            and (not picture.rows or row in picture.rows)
        }
        rows = list(dict.fromkeys(row for row, _ in found))
        columns = list(dict.fromkeys(column for _, column in found))
        series = {column: [found.get((row, column)) for row in rows] for column in columns}
        if rows:
            yield picture, bars(picture.title, rows, series)
