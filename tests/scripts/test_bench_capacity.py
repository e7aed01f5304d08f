"""`scripts/bench capacity`: what several searches say together."""

from __future__ import annotations

import json

from pydantic import TypeAdapter

from scripts.benchmarks.capacity import Round, Try, report

_FIRST = Round(
    [
        Try(2, 700, 1000, kept=True),
        Try(4, 1300, 2300, kept=False),
        Try(3, 1000, 1600, kept=True),
        Try(3, 1200, 1800, kept=True),
    ],
    3,
    "3 streams kept the limits in 2 runs, 4 did not.",
)
_SECOND = Round(
    [
        Try(2, 740, 1100, kept=True),
        Try(4, None, None, kept=False),
        Try(3, 1000, 1700, kept=True),
        Try(3, 1400, 2100, kept=False),
        Try(2, 760, 1200, kept=True),
    ],
    2,
    "2 streams kept the limits in 2 runs, 3 did not.",
)


def test_each_number_that_was_tried_has_one_row() -> None:
    text, (target,) = report([_FIRST, _SECOND])
    rows = [line for line in text.splitlines() if line.startswith("| ")][2:]
    assert rows == [
        "| 2 | 725 ms (700\u2013750) | 1075 ms (1000\u20131150) | kept |",
        "| 3 | 1150 ms (1100\u20131200) | 1800 ms (1700\u20131900) | kept in 1 of 2 |",
        "| 4 | 1300 ms | 2300 ms | broken |",
    ]
    assert f"Round 1: {_FIRST.confidence} Round 2: {_SECOND.confidence} Runs of" in text
    assert list(target.values) == [3, 2]
    assert target.met


def test_what_all_rounds_say_is_said_once() -> None:
    assert f"\n\n{_FIRST.confidence} Runs of" in report([_FIRST])[0]
    assert f"\n\nIn each round: {_FIRST.confidence} Runs of" in report([_FIRST, _FIRST])[0]


def test_rounds_are_read_as_they_were_written() -> None:
    kind = TypeAdapter(list[Round])
    written = json.dumps(kind.dump_python([_FIRST, _SECOND], mode="json"))
    assert kind.validate_python(json.loads(written)) == [_FIRST, _SECOND]
