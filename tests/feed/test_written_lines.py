"""The log says when a caption was sent to a client of the feed, of which session, and no word."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from captioner.telemetry.log_lines import tagged
from tests.support.feed import caption, heard, serve_feed
from tests.support.json_log import logged_to
from tests.support.wait import until

SPOKEN = "Quillfeather"


@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO])
async def test_what_a_client_was_sent_is_a_line_for_debugging(level: int, tmp_path: Path) -> None:
    log_file = tmp_path / "log"

    def written() -> list[dict[str, object]]:
        lines = map(json.loads, log_file.read_text(encoding="utf-8").splitlines())
        return [line for line in lines if line["message"] == "Written"]

    with logged_to(log_file, level):
        async with serve_feed() as served, served.client() as reader:
            await heard(reader)
            with tagged(session="a1", stream=3):
                served.feed(caption(5, SPOKEN))
                await heard(reader)
                served.feed(caption(5, SPOKEN, final=True))
            await heard(reader)
            if level == logging.DEBUG:
                await until(lambda: len(written()) == 2)
    found = [
        [line[name] for name in ("output", "session", "stream", "segment", "is_final")]
        for line in written()
    ]
    both = [["feed", "a1", 3, 5, False], ["feed", "a1", 3, 5, True]]
    assert found == (both if level == logging.DEBUG else [])
    assert SPOKEN not in log_file.read_text(encoding="utf-8")
