"""A transcript as text, Markdown, a table and JSON; subtitles have their own tests."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

from captioner.core.segment import Gap, Segment
from captioner.transcript.export import TranscriptFormat, export

BEGUN = datetime(2026, 11, 25, 23, 59, 58, tzinfo=UTC)
SPOKEN = (
    Segment(
        1, "Fine, thanks; and *you*?", is_final=True, start_ms=3500, end_ms=5000, channel="You"
    ),
    Segment(
        0, 'He said "hello",\nüber 😀.', is_final=True, start_ms=1200, end_ms=3000, channel="Others"
    ),
    Gap(5000, 7000, "The microphone was unplugged.", "You"),
)


def test_text_is_in_the_order_of_what_was_said_with_times_where_wanted() -> None:
    plain = export(SPOKEN, TranscriptFormat.TXT).splitlines()
    assert plain[-2:] == ["You: Fine, thanks; and *you*?", "[The microphone was unplugged.]"]

    counted = export(SPOKEN, TranscriptFormat.TXT, times=True).splitlines()
    assert counted[-1] == "00:00:05  [The microphone was unplugged.]"
    clock = export(SPOKEN, TranscriptFormat.TXT, times=True, begun=BEGUN).splitlines()
    assert clock[-1] == "00:00:03  [The microphone was unplugged.]", "midnight is passed"


def test_a_table_is_read_back_as_it_was_said() -> None:
    text = export(SPOKEN, TranscriptFormat.CSV, begun=BEGUN)
    assert text.startswith("\ufeff"), "a spreadsheet would take letters for others"
    header, *rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))

    assert header == ["start", "end", "speaker", "text", "kind"]
    assert rows[0] == [
        "2026-11-25 23:59:59.200",
        "2026-11-26 00:00:01.000",
        "Others",
        'He said "hello",\nüber 😀.',
        "speech",
    ]
    assert rows[2][2:] == ["You", "The microphone was unplugged.", "lost audio"]
    counted = list(csv.reader(io.StringIO(export(SPOKEN, TranscriptFormat.CSV))))
    assert counted[1][0] == "00:00:01.200"


def test_markdown_shows_what_was_said_and_formats_nothing_of_it() -> None:
    assert export(SPOKEN, TranscriptFormat.MD, begun=BEGUN).split("\n\n") == [
        '23:59:59 **Others:** He said "hello", über 😀.',
        r"00:00:01 **You:** Fine, thanks; and \*you\*?",
        "00:00:03 *\\[The microphone was unplugged.\\]*\n",
    ]


def test_json_has_the_events_with_their_times() -> None:
    first, second, gap = json.loads(export(SPOKEN, TranscriptFormat.JSON, begun=BEGUN))

    assert (first["text"], first["channel"]) == (SPOKEN[1].text, "Others")  # type: ignore[union-attr]
    assert first["timestamp"] == "2026-11-26T00:00:01.000Z"
    assert (second["start"], second["end"]) == (3500, 5000)
    assert (gap["code"], gap["start"], gap["end"]) == ("AUDIO_LOST", 5000, 7000)
