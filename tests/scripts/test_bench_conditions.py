"""`scripts/bench conditions`: what its report says, and what counts as an error of whom."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import TypeAdapter

from scripts.benchmarks.conditions import Heard, Round, report
from scripts.benchmarks.figures import figures
from scripts.benchmarks.record import Record, Update
from scripts.benchmarks.speech import Recording


def said(*texts: str, again: str = "") -> Record:
    """What one utterance showed in turn, the last as its final, and another one behind it."""
    shown = [
        Update(number, 1, text, is_final=number == len(texts), start=0.0)
        for number, text in enumerate(texts, 1)
    ]
    return Record("captioner", "noise", [*shown, Update(9, 2, again, is_final=True, start=8.0)])


_FIRST = Round(
    {
        "captioner": Heard({"noise": 0.1, "music": 0.2}, {"hum": 0, "typing": 0}),
        "same": Heard({"noise": 0.1004, "music": 0.15}, {"hum": 3, "typing": 0}),
        "worse": Heard({"noise": 0.2, "music": 0.3}, {"hum": 1, "typing": 7}),
    },
    ["away: not run (no network).", "late: not run (no network)."],
)
_SECOND = Round(
    {
        "captioner": Heard({"noise": 0.1, "music": 0.3}, {"hum": 1, "typing": 3}, ["go on"]),
        "same": Heard({"noise": 0.1, "music": 0.19}, {"hum": 3, "typing": 0}),
        "worse": Heard({"noise": 0.2, "music": 0.1}, {"hum": 1, "typing": 9}),
        "late": Heard({"noise": 0.2, "music": 0.3}, {"hum": 0, "typing": 0}),
    },
    ["away: not run (no network)."],
)


def test_where_a_peer_hears_better_is_said_and_counts() -> None:
    text, (made_up, loops, better) = report([_FIRST])
    assert "| noise | 0.100 | 0.100 | 0.200 |" in text
    assert "| music | 0.200 | 0.150 **fewer** | 0.300 |" in text
    assert "| hum | 0 | 3 | 1 |" in text
    assert "as fast as they can, all once. Word errors are" in text
    assert text.endswith("late: not run (no network).")
    assert (made_up.measured, made_up.met) == (0, True)
    assert (loops.measured, loops.met) == (0, True)
    assert (better.measured, better.met) == (1, False)


def test_over_rounds_it_is_the_median_that_is_better() -> None:
    text, (made_up, loops, better) = report([_FIRST, _SECOND])
    music = "| music | 0.250 (0.200\u20130.300) | 0.170 **fewer** (0.150\u20130.190) "
    assert music + "| 0.200 **fewer** (0.100\u20130.300) | 0.300 |" in text
    assert "| typing | 2 (0\u20133) | 0 | 8 (7\u20139) | 0 |" in text
    assert "all once a round. Word errors are" in text
    assert text.count("away: not run") == 1
    assert list(made_up.values) == [0, 4]
    assert list(loops.values) == [0, 1]
    assert list(better.values) == [1]
    read = figures(text)["Where listening is hard", "music", "same"]
    assert read[:3] == (0.17, 0.15, 0.19)


def test_rounds_are_read_as_they_were_written() -> None:
    kind = TypeAdapter(list[Round])
    written = json.dumps(kind.dump_python([_FIRST, _SECOND], mode="json"))
    assert kind.validate_python(json.loads(written)) == [_FIRST, _SECOND]


def test_a_number_in_figures_is_no_error_and_a_loop_is_noted() -> None:
    heard = Heard()
    noise = Recording(Path(), "About nine thousand, and all.")
    heard.take("noise", noise, said("about 9,000 and all"))
    assert heard.errors == {"noise": 0.0}
    heard.take("haste", Recording(Path(), "Go on."), said("Go on. Go on, go on go on"))
    assert heard.loops == ["go on"]
    assert heard.errors["haste"] > 1


def test_words_that_were_shown_where_nobody_spoke_count_though_they_vanished() -> None:
    heard = Heard()
    heard.take("hum", Recording(Path(), ""), said("you", "thank you", "", again="oh"))
    assert heard.made_up == {"hum": 3}
    assert heard.errors == {}
