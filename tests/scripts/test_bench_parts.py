"""What the parts of the benchmark tell of their rounds, also when these were on the disk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from captioner.core.stability import StabilityMode
from captioner.session.trace import STAGES
from scripts.benchmarks import engine, feed, gui, hours, latency, startup
from scripts.benchmarks.gui import Cost
from scripts.benchmarks.peers import footprint
from scripts.benchmarks.peers.footprint import Taken
from scripts.benchmarks.record import Measures, Record, Update, _finals
from scripts.benchmarks.rounds import Procedure
from scripts.benchmarks.run_traced_window import Timed
from scripts.benchmarks.speech import Speech
from scripts.benchmarks.startup import Start


def told(part: Any, rounds: Sequence[Any]) -> tuple[str, dict[str, list[float]]]:  # noqa: ANN401
    """Return the report of rounds that were written and read, and the targets' values."""
    procedure: Procedure[Any] = Procedure(part.Round, lambda: None, part.report)
    plain = json.loads(json.dumps([procedure.plain(each) for each in rounds]))
    text, targets = procedure.told(plain)
    assert text == part.report(rounds)[0]
    return text, {target.name: list(target.values) for target in targets}


def test_start() -> None:
    rounds = [
        startup.Round([Start(0.5, 1.0, 2.0), Start(0.7, 1.2, 2.2)], [Start(1.0, 2.0, 3.0)] * 2),
        startup.Round([Start(0.6, 1.1, 2.1)], [Start(0.6, 2.0, 3.0)]),
    ]
    text, targets = told(startup, rounds)
    assert "| overlay visible | 0.60 s (0.50\u20130.70) |" in text
    assert "| overlay visible, packaged program | 1.00 s (0.60\u20131.00) |" in text
    assert targets["packaged start, of the one above"] == pytest.approx([2.0, 1.0 / 0.7, 1.0])
    text, targets = told(startup, [startup.Round([Start(0.5, 1.0, 2.0)], [])])
    assert "packaged" not in text
    assert targets["start to the first caption, speech playing throughout, s"] == [2.0]
    assert len(targets) == 3


def test_engine() -> None:
    def round_(processor: float) -> engine.Round:
        ours = Measures(0.03, 0.6, 0.5, 0.1, processor, 9, 8, 12)
        systems = {f"captioner ({mode})": ours for mode in StabilityMode}
        theirs = Measures(0.06, 0.7, 0.6, 1.4, 0.5, 9, 8, 12)
        return engine.Round({"moonshine streaming, one thread": theirs, **systems}, 0.06)

    text, targets = told(engine, [round_(0.2), round_(0.4)])
    assert (
        "| captioner (steady) | 0.030 | 0.60 s | 0.50 s | 0.10 | 0.300 (0.200\u20130.400) |" in text
    )
    assert text.index("captioner (balanced)") < text.index("moonshine streaming")
    assert "one thread each: 0.60 (0.40\u20130.80) times." in text
    assert "Of 12 stretches of speech" in text
    assert "captioner (balanced) 9 and 8" in text
    assert "There are 131 words, so one error is 0.008." in text
    assert targets["processor time, against moonshine's own streaming, one thread each"] == [
        0.4,
        0.8,
    ]


def test_window() -> None:
    rounds = [
        gui.Round(Cost(share, 150, (0.001, 0.002, 0.003)), Cost(0.02, 90), Cost(0.01, 140))
        for share in (0.05, 0.06)
    ]
    text, targets = told(gui, rounds)
    assert "| processor, captioning, window | 5.5 % (5.0\u20136.0) |" in text
    assert "| response to paint, median | 2.0 ms |" in text
    above = targets["processor of the window above the terminal, % of a core"]
    assert above == pytest.approx([3.0, 4.0])


def test_hours() -> None:
    text, targets = told(hours, [hours.Round(hours.Hour(160.0, 2.0), hours.Hour(168.0, 1.0))])
    assert "| resident memory | 160 MB \u2192 168 MB |" in text
    assert "| paint, median | 2.00 ms \u2192 1.00 ms |" in text
    assert targets["memory, 8th hour : 2nd hour"] == [1.05]


def test_feed() -> None:
    alone = feed.Run((0.1, 0.1), (70.0, 71.0))
    rounds = [
        feed.Round(alone, feed.Run((late, late), (75.0, 90.0), (0.005,), 600))
        for late in (0.1, 0.2)
    ]
    text, targets = told(feed, rounds)
    assert "| latency of captions, p50 | 100.0 ms | 150.0 ms (100.0\u2013200.0) |" in text
    assert targets["latency that 100 clients add to captions, p95, ms"] == [0.0, 100.0]
    assert targets["memory with 100 clients, end : after the warm-up"] == [1.2, 1.2]


def test_way_to_the_screen() -> None:
    stages = dict.fromkeys(STAGES, 20.0)
    timed = Timed(
        is_final=False, begun_at=1.0, ended_at=2.0, heard_at=1.5, painted_at=1.6, stages_ms=stages
    )
    rounds = [latency.Round([first], [0.7], [timed], [timed], 2) for first in (0.5, 0.7)]
    text, targets = told(latency, rounds)
    assert "pixels of its first words | 600 ms (500\u2013700) | 600 ms (500\u2013700) |" in text
    assert "| final: newest audio \u2192 painted | 100 ms | 100 ms |" in text
    assert "2 first words and 2 finals" in text
    assert targets["speech to pixels of the first words, p50, s"] == [0.5, 0.7]


def test_application_beside_buzz() -> None:
    taken = {"captioner": Taken(0.8, 2.5, 0.3, 400), "buzz": Taken(3.0, 10.0, 0.4, 1000)}
    rounds = [footprint.Round({"captioner": 500, "buzz": 6000}, taken)] * 2
    text, targets = told(footprint, rounds)
    assert "| captioner : buzz | 0.08 better | 0.27 better | 0.25 better | 0.75 better |" in text
    assert targets == {"measures in which Captioner does not take less than Buzz": [0]}
    lost = footprint.Round({"captioner": 500}, {"captioner": taken["captioner"]}, "no network")
    text, targets = told(footprint, [rounds[0], lost])
    assert "| buzz | not run: no network |" in text
    assert targets == {}


def test_a_final_counts_however_late_and_from_the_end_of_the_last_stretch_that_it_covers() -> None:
    heard = [Speech(0.5, 2.0), Speech(2.5, 4.0), Speech(5.0, 6.0), Speech(9.0, 10.0)]

    def final(start: float, at: float, text: str = "word") -> Update:
        return Update(at, round(10 * start), text, is_final=True, start=start)

    late = Record("one", "clip", [final(0.4, 4.5), final(2.4, 4.5), final(4.9, 12.0)])
    assert _finals(late, heard) == pytest.approx([2.5, 0.5, 2.0])
    merged = Record("one", "clip", [final(0.4, 4.6), final(4.9, 6.5), final(8.9, 10.5, "")])
    assert _finals(merged, heard) == pytest.approx([0.6, 0.5])
    cut = Record("one", "clip", [final(0.4, 1.4), final(1.3, 2.4), final(2.4, 4.2)])
    assert _finals(cut, heard) == pytest.approx([0.4, 0.2])
