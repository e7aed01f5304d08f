"""`scripts/bench conditions`: what its report says, and what counts as an error of whom."""

from __future__ import annotations

from pathlib import Path

from scripts.benchmarks.conditions import Heard, report, targets
from scripts.benchmarks.speech import Recording


def test_where_a_peer_hears_better_is_said_and_counts() -> None:
    heard = {
        "captioner": Heard({"noise": 0.1, "music": 0.2}, {"hum": 0, "typing": 0}),
        "same": Heard({"noise": 0.1004, "music": 0.15}, {"hum": 3, "typing": 0}),
        "worse": Heard({"noise": 0.2, "music": 0.3}, {"hum": 1, "typing": 7}),
    }
    text = report(heard)
    assert "| noise | 0.100 | 0.100 | 0.200 |" in text
    assert "| music | 0.200 | 0.150 **fewer** | 0.300 |" in text
    assert "| hum | 0 | 3 | 1 |" in text
    made_up, loops, better = targets(heard)
    assert (made_up.measured, made_up.met) == (0, True)
    assert (loops.measured, loops.met) == (0, True)
    assert (better.measured, better.met) == (1, False)


def test_a_number_in_figures_is_no_error_and_a_loop_is_noted() -> None:
    heard = Heard()
    heard.take("noise", Recording(Path(), "About nine thousand, and all."), "about 9,000 and all")
    assert heard.errors == {"noise": 0.0}
    heard.take("hum", Recording(Path(), "Go on."), "go on go on go on go on")
    assert heard.loops == ["go on"]
    assert heard.errors["hum"] > 1
