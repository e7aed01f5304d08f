"""The real program, killed while it captions: what was shown is in the history and the export."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import webvtt

from tests.support.clips import BECKETT
from tests.support.program import Program


@pytest.mark.slow
def test_what_was_shown_outlives_the_program(program: Program, tmp_path: Path) -> None:
    output, exported = tmp_path / "captions.txt", tmp_path / "talk.vtt"
    child = program.start(
        "live", "--source", f"file:{BECKETT.path}", "--export", str(exported), output=output
    )
    program.wait_for(
        lambda: len(output.read_text(encoding="utf-8").splitlines()) >= 3, what="nothing was said"
    )
    shown = output.read_text(encoding="utf-8").splitlines()
    time.sleep(1.0)  # this is the promise: a second after it was shown, it is kept
    child.kill()
    child.wait()

    done = program.run("history", "show", "last", "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert [each["text"] for each in record["segments"]][: len(shown)] == shown
    assert record["ended_at"] is None
    assert record["source"] == BECKETT.path.name
    assert record["engine"] == "Embedded engine"
    assert [cue.text for cue in webvtt.read(str(exported))][: len(shown)] == shown
    found = json.loads(program.run("history", "search", "tried", "--json").stdout)
    assert [each["text"] for each in found] == [shown[0]]
