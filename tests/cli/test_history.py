"""``captioner history``: finding, showing, exporting and deleting, and what is refused."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from captioner.cli.exit_codes import ExitCode
from captioner.cli.main import main
from captioner.cli.moments import local_time, moment
from captioner.core.errors import ConfigurationError
from captioner.core.segment import Gap, Segment
from captioner.transcript.history.database import open_history
from captioner.transcript.history.records import Batch, KeptSegment, Run
from captioner.transcript.history.writing import keep

DAY_S = 86_400.0
NOW = time.time()

Captioner = Callable[..., tuple[int, str, str]]


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """One transcript of ten days ago, and one of an hour ago with two speakers."""
    path = tmp_path / "profile" / "data" / "history.db"
    old = Segment(0, "Die Grüße kamen an", is_final=True, start_ms=0, end_ms=900)
    you = Segment(0, "About the budget: [red] --> 5", is_final=True, start_ms=500, end_ms=1900)
    you = replace(you, channel="You")
    they = Segment(1, "The budget is fine.", is_final=True, start_ms=4000, end_ms=5000)
    they = replace(they, channel="Others")
    open_one = Segment(2, "But then", is_final=False, start_ms=6000, end_ms=6500)
    began = NOW - 10 * DAY_S
    with closing(open_history(path)) as connection:
        keep(
            connection,
            Batch(
                runs={"a": Run("a", began, began + 60, "Speakers", "Embedded engine")},
                finals=[("a", KeptSegment(old, began))],
            ),
        )
        began = NOW - 3600
        keep(
            connection,
            Batch(
                runs={"b": Run("b", began, None, "Headset, Speakers", "riva.example.org:50051")},
                finals=[
                    ("b", KeptSegment(you, began + 0.5)),
                    ("b", KeptSegment(they, began + 4)),
                ],
                gaps=[("b", Gap(2000, 3000, "The server was away"))],
                unfinished={("b", ""): KeptSegment(open_one, began + 6)},
            ),
        )
    return path


@pytest.fixture
def captioner(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Captioner:
    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["--profile-dir", str(tmp_path / "profile"), "history", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_without_any_history_all_commands_say_so(captioner: Captioner, tmp_path: Path) -> None:
    assert "no transcripts yet" in captioner("list")[2]
    assert captioner("list", "--json")[:2] == (0, "[]\n")
    code, _, errors = captioner("show")
    assert code == ExitCode.CONFIGURATION
    assert "no transcripts yet" in errors
    assert captioner("check")[0] == 0
    assert captioner("delete", "--all", "--yes")[0] == 0
    assert not (tmp_path / "profile" / "data").exists(), "to look is not to make"


def test_list_and_show(history: Path, captioner: Captioner) -> None:
    code, out, _ = captioner("list", "--json")
    second, first = json.loads(out)
    assert code == 0
    assert (first["number"], first["captions"], first["source"]) == (1, 1, "Speakers")
    assert second["ended_at"] is None
    assert [each["number"] for each in json.loads(captioner("list", "--since", "7d", "--json")[1])]
    assert json.loads(captioner("list", "--until", "9d", "--json")[1]) == [first]
    assert "Headset" in captioner("list")[1]

    lines = captioner("show", "last")[1].splitlines()
    assert lines[0].startswith("Transcript 2: ")
    at = local_time(NOW - 3600 + 0.5, "%H:%M:%S")
    assert lines[1] == f"{at}  You: About the budget: [red] --> 5"
    assert lines[2] == "[The server was away]"
    assert lines[3].endswith("Others: The budget is fine.")
    assert lines[4].endswith("But then (unfinished)")
    record = json.loads(captioner("show", "2", "--json")[1])
    assert [each["text"] for each in record["unfinished"]] == ["But then"]
    code, _, errors = captioner("show", "77")
    assert code == ExitCode.CONFIGURATION
    assert "There is no transcript 77." in errors


def test_search(history: Path, captioner: Captioner) -> None:
    found = json.loads(captioner("search", "BUDG", "--json")[1])
    assert [each["text"] for each in found] == [
        "The budget is fine.",
        "About the budget: [red] --> 5",
    ]
    begin, end = found[0]["marks"][0]
    assert found[0]["text"][begin:end] == "budget"
    assert len(json.loads(captioner("search", "the budget", "is", "--json")[1])) == 1
    assert "Grüße" in captioner("search", "grusse")[1] or "Grüße" in captioner("search", "gru")[1]
    assert captioner("search", "grüße", "--since", "7d")[1] == ""
    assert "newest 1" in captioner("search", "budget", "--limit", "1")[2]


def test_export(history: Path, captioner: Captioner, tmp_path: Path) -> None:
    code, out, _ = captioner("export", "last")
    assert code == 0
    assert out.splitlines() == [
        "You: About the budget: [red] --> 5",
        "[The server was away]",
        "Others: The budget is fine.",
    ]
    target = tmp_path / "talk.srt"
    assert captioner("export", "2", "--output", str(target))[0] == 0
    assert "00:00:04,000 --> " in target.read_text(encoding="utf-8")
    folder = tmp_path / "all" / "of them"
    assert captioner("export", "--output-dir", str(folder), "-f", "md")[0] == 0
    assert len(list(folder.glob("captions-*.md"))) == 2
    code, out, _ = captioner("export", "1", "2")
    assert (code, out.splitlines()[0]) == (0, "Die Grüße kamen an"), "one file of both"
    for refused in (
        ("export", "2", "--output", str(target)),
        ("export", "--output-dir", str(folder), "-f", "md"),
        ("export", "2", "-f", "txt", "--output", os.devnull),
        ("export", "--since", "5m"),
        ("export", "1", "--output", str(tmp_path / "talk.docx")),
        ("export", "1", "--output", str(tmp_path / "no folder" / "talk.txt")),
    ):
        code, out, errors = captioner(*refused)
        assert (code, out) == (ExitCode.CONFIGURATION, "")
        assert "Fix: " in errors
    assert captioner("export", "2", "--output", str(target), "--yes")[0] == 0


def test_export_of_a_time(history: Path, captioner: Captioner) -> None:
    since = local_time(NOW - 3600 + 3, "%Y-%m-%dT%H:%M:%S")
    out = captioner("export", "--since", since, "--no-speakers", "--times")[1]
    at = local_time(NOW - 3600 + 4, "%H:%M:%S")
    assert out == f"{at}  The budget is fine.\n"
    out = captioner("export", "--since", since, "-f", "srt")[1]
    assert out.startswith("1\n00:00:0"), "times count from the moment that was asked for"
    everything = captioner("export", "--since", "2020-01-01", "-f", "json")[1]
    events = json.loads(everything)
    assert [each["segment_id"] for each in events if each["type"] == "transcription"] == [0, 1, 3]
    assert events[1]["start"] - events[0]["start"] == pytest.approx(DAY_S * 10_000, abs=3_700_000)
    assert captioner("export", "--since", "2020-01-01", "-f", "md", "--no-times")[1].startswith(
        "Die Grüße kamen an\n\n**You:** About the budget"
    )


def test_delete_is_asked_for_and_thorough(history: Path, captioner: Captioner) -> None:
    assert captioner("delete", "1")[0] == ExitCode.CONFIGURATION, "nobody is there to be asked"
    assert captioner("delete", "--yes")[0] == ExitCode.CONFIGURATION
    assert captioner("delete", "1", "--all", "--yes")[0] == ExitCode.CONFIGURATION
    assert captioner("delete", "--before", "7d", "--yes")[0] == 0
    assert [each["number"] for each in json.loads(captioner("list", "--json")[1])] == [2]
    assert captioner("delete", "last", "--yes")[0] == 0
    assert json.loads(captioner("list", "--json")[1]) == []
    left = b"".join(file.read_bytes() for file in history.parent.iterdir())
    assert b"budget" not in left


def test_check_tells_and_mends(history: Path, captioner: Captioner) -> None:
    code, out, _ = captioner("check")
    assert code == 0
    assert "2 transcripts with 3 captions" in out
    history.write_bytes(b"ruined " * 3000)
    code, _, errors = captioner("list")
    assert code == ExitCode.CONFIGURATION
    assert "captioner history check" in errors
    record = json.loads(captioner("check", "--json")[1])
    assert record["was_damaged"]
    assert Path(record["set_aside"]).read_bytes() == b"ruined " * 3000
    assert captioner("list")[0] == 0


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "5y", "-3d"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="no moment"):
        moment(text)


def test_moments_are_local() -> None:
    assert moment(None) is None
    begin, end = moment("2026-03-29"), moment("2026-03-29", is_end=True)
    assert begin is not None
    assert end is not None
    assert local_time(begin) == "2026-03-29 00:00"
    assert local_time(end) == "2026-03-30 00:00"
    at = moment("2026-11-25T14:30")
    assert at is not None
    assert local_time(at) == "2026-11-25 14:30"
