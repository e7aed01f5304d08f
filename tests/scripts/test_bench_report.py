"""The one report of the benchmark: what is read from it, what two of them say, and the README."""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from scripts.benchmarks import __main__ as bench
from scripts.benchmarks import conditions, pace
from scripts.benchmarks.agreement import agreement
from scripts.benchmarks.alone import alone
from scripts.benchmarks.drawing import used
from scripts.benchmarks.figures import Reading, figures
from scripts.benchmarks.pictures import pictures
from scripts.benchmarks.readme import into_readme
from scripts.benchmarks.report import Part, Report
from scripts.benchmarks.rounds import Procedure, Rounds
from scripts.benchmarks.table import Target

ENGINE = """### The engine

2026-11-25, 2 cores; 3 rounds.

| system | errors | first partial | noted |
| --- | --- | --- | --- |
| captioner (balanced) | 0.031 | {first} s (0.60\u20130.70) | on mains |
| moonshine | 0.069 | 0.66 s | \u2013 |
"""
README = """# Captioner

### The engine

How it is used.

## Performance

Measured here.

### The engine

Old words of it.

### The window

Stays.

### Targets

Today.

| target | measured | limit |  |
| --- | --- | --- | --- |
| first partial, s | 9.00 | ≤ 1.00 | **missed** |
| paint, ms | 5.00 | ≤ 33.00 | met |

What is missed, and why.

## Troubleshooting

Last.
"""


@pytest.fixture(autouse=True)
def _little_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "_WORDS", 100)


def report(first: float = 0.65, target: float = 0.5) -> Report:
    part = Part("engine", ENGINE.format(first=first), [Target("first partial, s", [target], 1.0)])
    return Report("Today, 2 cores.", [part])


def changed(old: str, new: str) -> Report:
    (part,) = report().parts
    return Report("", [dataclasses.replace(part, text=part.text.replace(old, new))])


def test_figures_are_read_from_the_tables() -> None:
    assert figures(report().parts[0].text) == {
        ("The engine", "captioner (balanced), on mains", "errors"): Reading(
            0.031, 0.031, 0.031, 0.001
        ),
        ("The engine", "captioner (balanced), on mains", "first partial"): Reading(
            0.65, 0.6, 0.7, 0.01, is_time=True
        ),
        ("The engine", "moonshine", "errors"): Reading(0.069, 0.069, 0.069, 0.001),
        ("The engine", "moonshine", "first partial"): Reading(0.66, 0.66, 0.66, 0.01, is_time=True),
    }


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = Report("Today.", [*report().parts, Part("gui", failed="OSError: no display")])
    assert {path.name for path in written.write(tmp_path)} == {
        "report.json",
        "report.md",
        "targets.svg",
    }
    assert Report.read(tmp_path) == written
    text = (tmp_path / "report.md").read_text()
    assert "gui: not measured: OSError: no display" in text
    assert "| first partial, s | 0.50 | ≤ 1.00 | met |" in text
    assert not written.is_met
    assert "<script" not in (tmp_path / "targets.svg").read_text()


def test_a_cell_with_two_figures_gives_both_and_a_verdict_names_no_row() -> None:
    text = "| streams | p50 / p95 |  |\n| --- | --- | --- |\n| 2 | 4.9 ms / 7.7 ms | kept |"
    assert figures(text) == {
        ("", "2", "p50 / p95"): Reading(4.9, 4.9, 4.9, 0.1, is_time=True),
        ("", "2", "p50 / p95, 2"): Reading(7.7, 7.7, 7.7, 0.1, is_time=True),
    }


def test_a_ratio_and_its_verdict_are_read_and_the_verdict_names_no_row() -> None:
    text = """| captioner | errors | first | final | delay |
| --- | --- | --- | --- | --- |
| against us | 0.90 (0.88\u20130.92) better | 1.00 even | not measured | inf ms |
| against them | even | 2.00 (1.00\u20133.00) **worse** | 1.00 | 1.00 |
"""
    assert figures(text) == {
        ("", "against us", "errors"): Reading(0.9, 0.88, 0.92, 0.01),
        ("", "against us", "first"): Reading(1.0, 1.0, 1.0, 0.01),
        ("", "against them", "first"): Reading(2.0, 1.0, 3.0, 0.01),
        ("", "against them", "final"): Reading(1.0, 1.0, 1.0, 0.01),
        ("", "against them", "delay"): Reading(1.0, 1.0, 1.0, 0.01),
    }


def test_two_runs_agree_within_the_spread() -> None:
    same = agreement(report(), report(first=0.61), margin=0.0)
    assert same.holds
    assert same.compared == 4
    far = changed("0.66 s", "0.80 s")
    (line,) = agreement(report(), far, margin=0.15).outside
    assert "moonshine" in line
    assert "then 0.8" in line
    assert agreement(report(), far, margin=0.3).outside == []


def test_of_a_hundred_figures_five_may_lie_outside() -> None:
    def of(outside: int) -> Report:
        rows = [f"| row {n} | {10 if n >= outside else 100} ms |" for n in range(100)]
        return Report("", [Part("many", "\n".join(["| what | p50 |", "| --- | --- |", *rows]))])

    assert agreement(of(0), of(5)).holds
    assert len(agreement(of(0), of(5)).outside) == 5
    assert not agreement(of(0), of(6)).holds


def test_a_machine_that_became_slower_may_take_as_much_longer() -> None:
    def at(milliseconds: list[float], first: str = "0.66 s") -> Report:
        (part,) = changed("0.66 s", first).parts
        return Report("", [dataclasses.replace(part, pace=milliseconds)])

    slower = agreement(at([50.0, 60.0]), at([66.0], "0.80 s"), margin=0.05)
    assert slower.outside == []
    assert slower.pace == {"engine": pytest.approx(1.2)}
    assert agreement(at([50.0]), at([52.0], "0.80 s"), margin=0.05).outside
    assert agreement(at([50.0]), at([60.0], "0.50 s"), margin=0.05).outside
    assert agreement(at([]), at([66.0], "0.80 s"), margin=0.05).pace == {}
    same = Reading(10, 10, 10, 1)
    assert not same.agrees(same._replace(middle=12), margin=0.1, pace=1.3)
    assert same._replace(is_time=True).agrees(same._replace(middle=12), margin=0.1, pace=1.3)
    assert "beside each round took 55 ms (50\u201360)." in at([50.0, 60.0]).to_markdown()


def test_the_last_digit_is_no_difference() -> None:
    assert not agreement(changed("0.66 s", "1 ms"), changed("0.66 s", "0 ms")).outside
    assert agreement(changed("0.66 s", "2 ms"), changed("0.66 s", "0 ms")).outside


def test_what_one_run_lacks_is_no_agreement() -> None:
    renamed = agreement(report(), changed("| moonshine |", "| another |"))
    assert len([line for line in renamed.outside if "then not there" in line]) == 2
    assert len([line for line in renamed.outside if "first not there" in line]) == 2
    assert renamed.compared == 6
    assert not renamed.holds
    broken = Report("", [Part("engine", failed="RuntimeError: no model")])
    found = agreement(report(), broken)
    assert found.contradictions == ["engine: not measured again: RuntimeError: no model"]
    assert not found.holds
    other = agreement(report(), Report("", [Part("gui", "### Window")]))
    assert other.alone == ["engine", "gui"]
    assert not other.holds


def test_a_verdict_that_changes_is_a_contradiction_unless_it_was_close() -> None:
    found = agreement(report(), report(target=1.5))
    assert found.contradictions == ["first partial, s: first met, then missed"]
    assert not found.holds
    near = agreement(report(target=0.9), report(target=1.1))
    assert near.close == ["first partial, s: first met, then missed"]
    assert near.holds
    assert agreement(report(target=1.1), report(target=0.9)).holds
    assert not agreement(report(target=0.9), report(target=1.1), margin=0.05).holds


@pytest.mark.parametrize(
    "target",
    [
        Target("one round beyond", [1.0, 1.0, 2.5], 2.0),
        Target("a quarter beyond", [1.7], 2.0),
        Target("more is better", [2.2, 3.0], 2.0, at_least=True),
    ],
)
def test_a_verdict_is_close_where_the_spread_lies_on_both_sides(target: Target) -> None:
    assert target.is_close(0.25)


@pytest.mark.parametrize(
    "target",
    [
        Target("far below", [1.0, 1.2], 2.0),
        Target("not measured", [1.9, math.nan], 2.0),
        Target("far above", [3.0, 4.0], 2.0),
        Target("not one, and none may be", [0.0, 0.0], 0.0),
        Target("much more", [4.0, 5.0], 2.0, at_least=True),
    ],
)
def test_a_verdict_is_sure_where_all_of_the_spread_is_on_one_side(target: Target) -> None:
    assert not target.is_close(0.25)


def test_what_was_not_measured_in_every_round_is_missed() -> None:
    assert not Target("limit", [1.0, math.nan, 1.0], 2.0).met
    assert not Target("limit", [math.nan, 3.0, 3.0], 2.0, at_least=True).met


def test_the_readme_gets_the_newest_tables_and_keeps_its_words() -> None:
    new = Report("2026, 2 cores.", [*report().parts, Part("feed", "### The feed\n\nA row.", [])])
    readme = into_readme(README, new)
    assert "Old words" not in readme
    assert readme.startswith("# Captioner\n\n### The engine\n\nHow it is used.\n\n## Performance")
    assert readme.index("0.031") < readme.index("### The window\n\nStays.")
    assert readme.index("### The feed") < readme.index("### Targets")
    assert "| first partial, s | 0.50 | ≤ 1.00 | met |" in readme
    assert "| paint, ms | 5.00 | ≤ 33.00 | met |" in readme
    assert readme.index("What is missed, and why.") < readme.index("## Troubleshooting\n\nLast.")
    assert "### Targets\n\nNewest figures: 2026, 2 cores. The spread" in readme
    assert "Today.\n\n| target |" in readme
    assert into_readme(readme, new) == readme
    whole = into_readme(README, new, whole=True)
    assert "| first partial, s | 0.50 | ≤ 1.00 | met |\n\nWhat is missed" in whole
    assert "paint, ms" not in whole


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (Part("engine", "### Engine", is_quick=True), "without --quick"),
        (Part("gui", failed="OSError: no display"), "Not measured: gui"),
    ],
)
def test_what_is_not_for_the_readme_is_refused(part: Part, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        into_readme(README, Report("", [part]))


def test_a_folder_without_a_report_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        bench._read(tmp_path)
    assert ended.value.code == 2
    assert f"scripts/bench --out {tmp_path}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("target", "share"),
    [
        (Target("less", [2.0], 4.0), 0.5),
        (Target("more", [2.0], 4.0, at_least=True), 2.0),
        (Target("none", [0.0], 0.0), None),
    ],
)
def test_how_much_of_a_limit_is_used(target: Target, share: float | None) -> None:
    assert used(target) == share


class Machine:
    """Parts that are measured in no time, one of which may fail."""

    def __init__(self, *names: str, once: str = "") -> None:
        self.asked: list[str] = []
        self.broken = ""
        self.untold = ""
        self.parts = {
            name: Procedure(
                float, partial(self._measure, name), partial(self._report, name), once=name == once
            )
            for name in names
        }

    def run(
        self, folder: Path, count: int, *names: str, is_resumed: bool = False, day: str = "today"
    ) -> list[Part]:
        rounds = Rounds(folder, self.parts, day)
        if is_resumed:
            rounds.resume()
        for _ in rounds.measured(names or tuple(self.parts), count):
            pass
        return rounds.parts(is_quick=False)

    def _measure(self, name: str) -> float:
        self.asked.append(name)
        if name == self.broken:
            raise RuntimeError("no model")
        return math.nan if name == "latency" else float(len(self.asked))

    def _report(self, name: str, rounds: Sequence[float]) -> tuple[str, list[Target]]:
        if name == self.untold:
            raise IndexError("no words")
        return f"### {rounds}", [Target("target", rounds, 9.0)]


def test_rounds_of_all_parts_are_measured_in_turns(tmp_path: Path) -> None:
    machine = Machine("startup", "conditions", "engine", once="conditions")
    parts = machine.run(tmp_path, 3)
    assert machine.asked == ["startup", "conditions", "engine", *["startup", "engine"] * 2]
    assert [part.rounds for part in parts] == [3, 1, 3]
    assert all(len(part.pace) == part.rounds and min(part.pace) > 0 for part in parts)
    assert parts[0].text == "### [1.0, 4.0, 6.0]"
    assert parts[0].targets == [Target("target", [1.0, 4.0, 6.0], 9.0)]


def test_a_part_that_fails_keeps_no_other_from_being_measured_and_is_tried_again(
    tmp_path: Path,
) -> None:
    machine = Machine("startup", "engine", "latency")
    machine.broken = "engine"
    parts = machine.run(tmp_path, 2)
    assert [part.failed for part in parts] == ["", "RuntimeError: no model", ""]
    assert machine.asked == ["startup", "engine", "latency"] * 2
    machine.broken, machine.asked = "", []
    parts = machine.run(tmp_path, 3, is_resumed=True)
    assert machine.asked == ["engine", "engine", "startup", "engine", "latency"]
    assert [part.rounds for part in parts] == [3, 3, 3]
    assert not any(part.failed for part in parts)
    assert parts[2].text == "### [nan, nan, nan]"
    machine.asked = []
    assert [part.rounds for part in machine.run(tmp_path, 1)] == [1, 1, 1]
    assert machine.asked == ["startup", "engine", "latency"]


def test_what_cannot_be_told_is_not_kept(tmp_path: Path) -> None:
    machine = Machine("startup", "engine")
    machine.run(tmp_path, 1)
    machine.untold = "engine"
    assert [part.name for part in machine.run(tmp_path, 0, is_resumed=True)] == ["startup"]
    (_, engine) = machine.run(tmp_path, 1, is_resumed=True)
    assert (engine.failed, engine.rounds) == ("IndexError: no words", 0)
    machine.untold = ""
    (_, engine) = machine.run(tmp_path, 1, is_resumed=True)
    assert (engine.failed, engine.rounds) == ("", 1)


def test_one_part_is_measured_into_the_report_of_all(tmp_path: Path) -> None:
    machine = Machine("startup", "engine")
    machine.run(tmp_path, 1)
    parts = machine.run(tmp_path, 2, "engine", is_resumed=True)
    assert [part.rounds for part in parts] == [1, 2]
    assert [part.name for part in machine.run(tmp_path, 1, "engine")] == ["engine"]


def test_rounds_of_other_circumstances_are_not_mixed(tmp_path: Path) -> None:
    machine = Machine("startup")
    machine.run(tmp_path, 1)
    with pytest.raises(ValueError, match=r"was measured as: today This is: tomorrow .* --out"):
        machine.run(tmp_path, 2, is_resumed=True, day="tomorrow")
    assert machine.run(tmp_path, 1, is_resumed=True)[0].rounds == 1


def test_what_is_there_when_a_run_is_ended_is_kept(tmp_path: Path) -> None:
    machine = Machine("startup", "engine")
    for _ in Rounds(tmp_path, machine.parts, "today").measured(["startup", "engine"], 2):
        if len(machine.asked) == 3:
            break
    machine.asked = []
    machine.run(tmp_path, 2, is_resumed=True)
    assert machine.asked == ["engine"]


def test_a_file_that_was_cut_off_is_told_and_measured_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machine = Machine("startup")
    machine.run(tmp_path, 1)
    path = tmp_path / "rounds.json"
    path.write_text(path.read_text()[:20])
    assert machine.run(tmp_path, 2, is_resumed=True)[0].rounds == 2
    assert "rounds.json cannot be read, and is not used" in capsys.readouterr().err


def test_the_time_that_is_left_is_told_where_it_is_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machine = Machine("startup", "engine")
    machine.run(tmp_path, 2)
    assert "round 1 of 2: startup\n" in capsys.readouterr().err
    kept = json.loads((tmp_path / "rounds.json").read_text())
    kept["parts"]["startup"]["seconds"] = [61.0, 61.0]
    kept["parts"]["engine"]["seconds"] = [200.0, 200.0]
    (tmp_path / "rounds.json").write_text(json.dumps(kept))
    machine.run(tmp_path, 1)
    assert "round 1 of 1: startup; about 4 min left" in capsys.readouterr().err


def test_every_part_of_the_help_can_be_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machine = Machine("startup", "engine", "latency", "history")
    asked = {"packaged": None, "faster_whisper": None, "vosk": None, "quick": True}
    options = argparse.Namespace(part="all", resume=False, out=tmp_path, rounds=1, **asked)
    assert bench._PARTS.keys() == bench._procedures(options).keys()
    monkeypatch.setattr(bench, "_procedures", lambda _: machine.parts)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # of the lock
    assert [part.name for part in bench._measured(options).parts] == machine.asked
    assert Report.read(tmp_path).parts[0].is_quick
    options.resume, options.quick = True, False
    with pytest.raises(SystemExit) as ended:
        bench._measured(options)
    assert ended.value.code == 2
    assert "without --resume" in capsys.readouterr().err


def test_two_measurements_at_once_are_refused(tmp_path: Path) -> None:
    refused = pytest.raises(ValueError, match=r"^Another measurement is .* pkill")
    with alone(tmp_path), refused, alone(tmp_path):
        raise AssertionError
    with alone(tmp_path):
        pass


@pytest.mark.parametrize(("second", "code", "said"), [(0.65, 0, "agree."), (9, 1, "not agree.")])
def test_two_reports_are_compared(
    second: float, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench._agree(report(), report(first=second)) == code
    assert capsys.readouterr().out.endswith(f"{said}\n")


def test_what_a_picture_tells_better_is_drawn() -> None:
    drawn = {each.name: svg for each, svg in pictures(figures(Path("README.md").read_text()))}
    assert {"engine-errors", "engine-latency", "streams-of-a-core"} <= drawn.keys()
    assert "first partial" in drawn["engine-latency"]
    heard = {
        "captioner": conditions.Heard({"two speakers": 0.25}, {"hum": 0}),
        "pocketsphinx": conditions.Heard({"two speakers": 0.5}, {"hum": 7}),
    }
    text, _ = conditions.report([conditions.Round(heard)])
    ((picture, svg),) = pictures(figures(text))
    assert picture.name == "conditions-errors"
    assert "pocketsphinx" in svg
    assert "hum" not in svg
    assert not list(pictures(report().figures()))
