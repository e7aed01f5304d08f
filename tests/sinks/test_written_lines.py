"""The log says when a caption was written to the terminal, of which stream it is, and no word."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from captioner.core.events import CaptionChanged
from captioner.core.segment import Segment
from captioner.sinks.json_lines import JsonLinesWriter
from captioner.sinks.terminal import TerminalWriter
from captioner.sinks.threaded import ThreadedSink, Writer
from captioner.sinks.time_order import TimeOrderedWriter
from captioner.telemetry.log_lines import tagged
from tests.support.json_log import logged_to

SPOKEN = "Quillfeather"


def _caption(number: int, *, channel: str = "", final: bool = True, text: str = SPOKEN) -> Any:  # noqa: ANN401
    start_ms = 1000 * number
    segment = Segment(number, text, final, start_ms, start_ms + 900, channel=channel)
    return CaptionChanged(segment, text)


def _terminal(*, screen: bool) -> Writer:
    out = Console(file=io.StringIO(), force_terminal=screen)
    return TerminalWriter(out, out)


def _written(
    log_file: Path, writer: Writer, *captions: tuple[int, CaptionChanged]
) -> list[dict[str, Any]]:
    """Write captions of these streams; return the lines of the log on it."""
    with logged_to(log_file, logging.DEBUG):
        sink = ThreadedSink(writer, "probe")
        for stream, caption in captions:
            with tagged(session="a1", channel=caption.segment.channel, stream=stream):
                sink(caption)
        sink.close()
    text = log_file.read_text(encoding="utf-8")
    assert SPOKEN not in text
    lines = [json.loads(line) for line in text.splitlines()]
    assert all(line["session"] == "a1" for line in lines)
    return [line for line in lines if line["message"] == "Written"]


@pytest.mark.parametrize(("screen", "seen"), [(True, [False, True]), (False, [True])])
def test_what_the_terminal_shows_is_a_line(
    *, screen: bool, seen: list[bool], tmp_path: Path
) -> None:
    partial, final = _caption(0, final=False), _caption(0)
    captions = [(1, partial), (1, final), (1, _caption(1, text=""))]
    lines = _written(tmp_path / "log", _terminal(screen=screen), *captions)
    assert [line["is_final"] for line in lines] == seen
    assert {(line["output"], line["segment"], line["end_ms"]) for line in lines} == {
        ("text", 0, 900)
    }


def test_each_json_line_is_a_line(tmp_path: Path) -> None:
    writer = JsonLinesWriter(io.StringIO())
    lines = _written(tmp_path / "log", writer, (1, _caption(0, final=False)), (1, _caption(0)))
    assert [(line["output"], line["is_final"]) for line in lines] == [
        ("jsonl", False),
        ("jsonl", True),
    ]


def test_what_waited_for_its_turn_is_of_its_own_stream(tmp_path: Path) -> None:
    writer = TimeOrderedWriter(_terminal(screen=False))
    later, earlier = _caption(1, channel="You"), _caption(0, channel="Others")
    lines = _written(tmp_path / "log", writer, (4, later), (2, earlier))
    assert [(line["segment"], line["channel"], line["stream"]) for line in lines] == [
        (0, "Others", 2),
        (1, "You", 4),
    ]
