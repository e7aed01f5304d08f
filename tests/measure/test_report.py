"""Measurements as files, and the reports that are made of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from captioner.cli.exit_codes import ExitCode
from captioner.cli.main import main
from captioner.measure.captioned import Captioned, Trial
from captioner.measure.limits import Limits
from captioner.measure.notices import verdict
from captioner.measure.reading import read_result
from captioner.measure.report.files import write_report
from captioner.measure.report.plots import plots
from captioner.measure.result import Accuracy, Capacity, Client, Kind, Measurement
from tests.measure.results import measurement_of, run_of, summary_of

_TRIED = ((1, 500.0), (3, 1000.0), (1, 800.0))
_VOID = {"meta"}
_REFERENCES = {"src", "href", "xlink:href"}


class _Reader(HTMLParser):
    """Fails where tags do not match; keeps what is loaded from elsewhere, and the words."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.loaded: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in _VOID:
            self.open.append(tag)
        self.loaded += [
            str(value) for name, value in attrs if name in {"src", "href", "xlink:href"}
        ]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def _all_kinds() -> list[Measurement]:
    runs = [run_of(4), run_of(8), run_of(16, errors={"RESOURCE_EXHAUSTED": 3})]
    found = Capacity(streams=8, fails_at=16, confirmed=1, confidence="8 streams kept the limits.")
    limits = Limits(p95_ms=100, errors=0)
    fast = {"realtime": False, "real_time_factor": 0.2, "final_ms": None, "chunk_ms": None}
    bench = [
        run_of(1, server=server, audio=audio, **pace)
        for server in ("riva.example:50051", "Embedded engine")
        for audio in ("talk.wav", "<i>a|b</i>.wav")
        for pace in ({}, fast)
    ]
    return [
        measurement_of(checks=Limits(final_p95_ms=900).checks(run_of())),
        measurement_of(*runs, kind=Kind.CAPACITY, capacity=found, checks=limits.checks(runs[1])),
        measurement_of(*bench, kind=Kind.BENCH),
    ]


def _tried(**changes: Any) -> Captioned:  # noqa: ANN401  # fields of a trial
    found = Captioned(
        trial=Trial.END_TO_END,
        begun_at=datetime(2026, 12, 1, 12, tzinfo=UTC),
        server="riva.example:50051",
        audio="talk.wav",
        way="sound",
        words=Accuracy(wer=0.05, cer=0.02, words=20, substitutions=1, deletions=0, insertions=0),
        limit_wer_percent=15,
        longest_pause_s=3.3,
    )
    return found.model_copy(update=changes)


def test_a_report_is_whole_and_loads_nothing(tmp_path: Path) -> None:
    kept = []
    for number, measured in enumerate(_all_kinds()):
        kept.append(tmp_path / f"{number}.json")
        kept[-1].write_text(measured.model_dump_json(), encoding="utf-8")
    for trial in (_tried(), _tried(trial=Trial.FAULT, away_s=23, restarted=False)):
        kept.append(tmp_path / f"{trial.trial}.json")
        kept[-1].write_text(trial.model_dump_json(), encoding="utf-8")
    out = tmp_path / "out"
    arguments = ["report", *map(str, kept), "--out", str(out)]
    assert main(["--profile-dir", str(tmp_path / "profile"), *arguments]) == 0

    page = (out / "report.html").read_text(encoding="utf-8")
    reader = _Reader()
    reader.feed(page)
    assert not reader.open
    assert "script" not in reader.tags
    assert reader.tags.count("svg") == 6
    assert all(reference.startswith("#") for reference in reader.loaded)
    assert not re.findall(r"url\(|@import", page)
    assert set(re.findall(r"https?://[^\s\"'<]+", page)) <= {"http://www.w3.org/2000/svg"}
    assert "Capacity: passed" in reader.words
    assert "Load test: failed" in reader.words
    assert "From sound to captions: passed" in reader.words
    assert "Server killed: failed" in reader.words
    assert "server was away for23 s" in "".join(reader.words.splitlines())
    assert "3 RESOURCE_EXHAUSTED" in reader.words
    assert "<i>a|b</i>.wav" in reader.words

    text = (out / "report.md").read_text(encoding="utf-8")
    drawings = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)
    assert len(set(drawings)) == len(drawings) == 6
    for drawing in drawings:
        drawn = ET.parse(out / drawing)  # noqa: S314  # it is our own
        assert drawn.getroot().tag == "{http://www.w3.org/2000/svg}svg"
    assert "701" in (out / "3-bench-final.svg").read_text(encoding="utf-8")
    assert r"\<i\>a\|b\</i\>.wav" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in rows)


def test_a_plot_of_capacity_has_the_worse_figure_of_each_number_and_no_half_streams() -> None:
    runs = [run_of(streams, final_ms=summary_of(middle)) for streams, middle in _TRIED]
    (drawn, *_) = plots(measurement_of(*runs, kind=Kind.CAPACITY), "1")
    points = re.findall(r'class="value">([^<]+)<', drawn.svg)
    assert points == ["1: 29", "3: 32", "1: 1120", "3: 1400"]
    labels = drawn.svg.partition('class="axis x"')[2].partition('class="series')[0]
    assert re.findall(r">([^<]+)</text>", labels) == ["1", "2", "3"]


def test_a_measurement_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "load.json"
    for measured in _all_kinds():
        path.write_text(measured.model_dump_json(indent=2), encoding="utf-8")
        assert '"schema": "captioner.measurement/1"' in path.read_text(encoding="utf-8")
        assert read_result(path) == measured


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not JSON"),
        ("[]", "is no measurement"),
        ('{"schema": "captioner.measurement/9"}', "captioner.measurement/9"),
        ('{"schema": "captioner.captioned/1"}', "damaged measurement: trial"),
        ('{"schema": "captioner.measurement/1", "kind": "load"}', "damaged measurement: begun_at"),
    ],
)
def test_what_is_no_measurement_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    path = tmp_path / "load.json"
    path.write_text(text, encoding="utf-8")
    arguments = ["report", str(path), str(tmp_path / "missing.json"), "--out", str(tmp_path)]
    code = main(["--profile-dir", str(tmp_path / "profile"), *arguments])
    assert code == ExitCode.CONFIGURATION
    told = capsys.readouterr().err
    assert said in told
    assert "Fix:" in told


def test_a_client_that_did_not_keep_up_spoils_the_result() -> None:
    slow = Client(late_ms=summary_of(90), processor=1.0, kept_up=False)
    measured = measurement_of(run_of(client=slow), checks=Limits(p95_ms=1000).checks(run_of()))
    assert all(check.passed for check in measured.checks)
    assert not measured.passed
    assert verdict(measured) == "not valid"


def test_a_limit_on_what_was_not_measured_is_not_kept() -> None:
    (check,) = Limits(wer_percent=10).checks(run_of(accuracy=None))
    assert check.found is None
    assert not check.passed


def test_a_run_without_any_answer_can_be_reported(tmp_path: Path) -> None:
    silent = run_of(chunk_ms=None, final_ms=None, accuracy=None, timeline=())
    assert len(write_report([measurement_of(silent)], tmp_path)) == 2
