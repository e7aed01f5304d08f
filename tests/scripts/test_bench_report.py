"""The one report of the benchmark: what is read from it, what two of them say, and the README."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import pytest

from scripts.benchmarks import __main__ as bench
from scripts.benchmarks import conditions
from scripts.benchmarks.agreement import agreement
from scripts.benchmarks.drawing import used
from scripts.benchmarks.figures import Figure, figures
from scripts.benchmarks.pictures import pictures
from scripts.benchmarks.readme import into_readme
from scripts.benchmarks.report import Part, Report
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


def report(first: float = 0.65, target: float = 0.5) -> Report:
    part = Part("engine", ENGINE.format(first=first), [Target("first partial, s", target, 1.0)])
    return Report("Today, 2 cores.", [part])


def changed(old: str, new: str) -> Report:
    (part,) = report().parts
    return Report("", [dataclasses.replace(part, text=part.text.replace(old, new))])


def test_figures_are_read_from_the_tables() -> None:
    assert figures(report().parts[0].text) == {
        ("The engine", "captioner (balanced), on mains", "errors"): Figure(
            0.031, 0.031, 0.031, 0.001
        ),
        ("The engine", "captioner (balanced), on mains", "first partial"): Figure(
            0.65, 0.6, 0.7, 0.01
        ),
        ("The engine", "moonshine", "errors"): Figure(0.069, 0.069, 0.069, 0.001),
        ("The engine", "moonshine", "first partial"): Figure(0.66, 0.66, 0.66, 0.01),
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
        ("", "2", "p50 / p95"): Figure(4.9, 4.9, 4.9, 0.1),
        ("", "2", "p50 / p95, 2"): Figure(7.7, 7.7, 7.7, 0.1),
    }


def test_two_runs_agree_within_the_spread() -> None:
    same = agreement(report(), report(first=0.61), margin=0.0)
    assert same.holds
    assert same.compared == 4
    far = changed("0.66 s", "0.80 s")
    (line,) = agreement(report(), far, margin=0.15).differences
    assert "moonshine" in line
    assert "then 0.8" in line
    assert agreement(report(), far, margin=0.3).holds


def test_the_last_digit_is_no_difference() -> None:
    assert agreement(changed("0.66 s", "1 ms"), changed("0.66 s", "0 ms"), margin=0.15).holds
    assert not agreement(changed("0.66 s", "2 ms"), changed("0.66 s", "0 ms"), margin=0.15).holds


def test_what_one_run_lacks_is_no_agreement() -> None:
    renamed = agreement(report(), changed("| moonshine |", "| another |"), margin=0.15)
    assert len([line for line in renamed.differences if "then not there" in line]) == 2
    assert len([line for line in renamed.differences if "first not there" in line]) == 2
    broken = Report("", [Part("engine", failed="RuntimeError: no model")])
    assert agreement(report(), broken, margin=0.15).differences == [
        "engine: not measured again: RuntimeError: no model"
    ]
    other = agreement(report(), Report("", [Part("gui", "### Window")]), margin=0.15)
    assert other.alone == ["engine", "gui"]
    assert not other.holds


def test_a_verdict_that_changes_is_a_difference() -> None:
    assert agreement(report(), report(target=1.5), margin=0.15).differences == [
        "first partial, s: first met, then missed"
    ]


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
    assert "### Targets\n\nNewest figures: 2026, 2 cores. Each section" in readme
    assert "Today.\n\n| target |" in readme
    assert into_readme(readme, new) == readme


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
        (Target("less", 2.0, 4.0), 0.5),
        (Target("more", 2.0, 4.0, at_least=True), 2.0),
        (Target("none", 0.0, 0.0), None),
    ],
)
def test_how_much_of_a_limit_is_used(target: Target, share: float | None) -> None:
    assert used(target) == share


def test_a_part_that_fails_keeps_no_other_from_being_measured_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    broken = True

    def run(name: str) -> tuple[str, list[Target]]:
        asked.append(name)
        if name == "engine" and broken:
            raise RuntimeError("no model")
        return f"### {name}", [Target(name, 1.0, 2.0)]

    monkeypatch.setattr(
        bench, "_runs", lambda _: {name: lambda name=name: run(name) for name in bench._PARTS}
    )
    options = argparse.Namespace(part="all", quick=True, resume=False, out=tmp_path, rounds=1)
    first = bench._measured(options)
    assert [part.failed for part in first.parts] == ["", "RuntimeError: no model", "", ""]
    broken, options.resume = False, True
    again = bench._measured(options)
    assert again.is_met
    assert asked == ["startup", "engine", "latency", "history", "engine"]
    options.rounds = 2
    bench._measured(options)
    assert asked[5:] == list(bench._QUICK)


def test_the_time_that_is_left_is_told_where_it_is_known() -> None:
    assert bench._left({"gui": 61.0, "feed": 200.0}, ["gui", "feed"]) == "; about 4 min left"
    assert bench._left({"gui": 61.0}, ["gui", "feed"]) == ""


def test_what_a_picture_tells_better_is_drawn() -> None:
    drawn = {each.name: svg for each, svg in pictures(figures(Path("README.md").read_text()))}
    assert {"engine-errors", "engine-latency", "streams-of-a-core"} <= drawn.keys()
    assert "first partial" in drawn["engine-latency"]
    heard = {
        "captioner": conditions.Heard({"two speakers": 0.25}, {"hum": 0}),
        "pocketsphinx": conditions.Heard({"two speakers": 0.5}, {"hum": 7}),
    }
    ((picture, svg),) = pictures(figures(conditions.report(heard)))
    assert picture.name == "conditions-errors"
    assert "pocketsphinx" in svg
    assert "hum" not in svg
    assert not list(pictures(report().figures()))
