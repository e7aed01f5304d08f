"""`scripts/bench history`: what is told of its rounds, and a filled year."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from captioner.transcript.export import TranscriptFormat
from captioner.transcript.history import looking
from captioner.transcript.history.database import open_history
from scripts.benchmarks import working_year
from scripts.benchmarks.encrypted_history import Pair
from scripts.benchmarks.encrypted_history import Round as Encrypted
from scripts.benchmarks.figures import figures
from scripts.benchmarks.history import Round, report
from scripts.benchmarks.timing import Took


def _round(search: float, scan: float) -> Round:
    one = Took(10.0, 8.0)
    return Round(
        searches={"a rare word": Took(search, search), "two words": Took(1.0, 1.0)},
        scan=Took(scan, scan),
        listing=one,
        rows=one,
        exports={str(form): Took(20.0 * search, 16.0) for form in TranscriptFormat},
        check=one,
        windows={"past": Took(200.0, 150.0), "present": Took(30.0, 20.0), "plain": one},
        stalls={"past": search, "present": 3.0, "plain": 1.0},
        deleted_s=search / 10,
        durable_ms=200.0,
        size_mb=100.0,
        busy=0.5,
        encrypted=Encrypted({"export of a day": Pair(10.0, search)}, Pair(80.0, 88.0), search, 6.0),
    )


_ROUNDS = [_round(5.0, 50.0), _round(12.0, 40.0)]


def test_ratios_are_those_of_each_round() -> None:
    text, targets = report(_ROUNDS)
    name = "| search, a rare word, p95 | 8.5 ms (5.0\u201312.0) | 8.5 ms (5.0\u201312.0) "
    assert name + "| 0.20 of a scan (0.10\u20130.30) |" in text
    assert ", first screen | 200 ms | 150 ms | 18.75 of an editor |" in text
    assert "| one transcript deleted, nothing of it left | 0.85 s (0.50\u20131.20) |  |  |" in text
    ratio = "| export of a day | 10.0 ms | 8.5 ms (5.0\u201312.0) | 0.85 times (0.50\u20131.20) |"
    assert ratio in text
    assert "| size | 80.0 MB | 88.0 MB | 1.10 times |" in text
    assert "took 8.5 s (5.0\u201312.0) of the processor, and 6.0 s back." in text
    read = figures(text)["History", "search, a rare word, p95", "ratio"]
    assert read[:3] == (0.2, 0.1, 0.3)
    assert [list(target.values) for target in targets] == [
        [5.0, 12.0],
        [200.0, 200.0],
        [5.0, 12.0],
        [0.1, 0.24],
        [200.0, 200.0],
    ]


def test_rounds_are_read_as_they_were_written() -> None:
    kind = TypeAdapter(list[Round])
    written = json.dumps(kind.dump_python(_ROUNDS, mode="json"))
    assert kind.validate_python(json.loads(written)) == _ROUNDS


@pytest.mark.slow
def test_the_year_has_as_many_captions_as_are_told(tmp_path: Path) -> None:
    with closing(open_history(tmp_path / "history.db")) as connection:
        working_year.fill(connection, working_year.Words())
        assert looking.count(connection)[1] == working_year.CAPTIONS == 100_000
