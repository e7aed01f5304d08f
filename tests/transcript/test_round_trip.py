"""Whatever is said comes back from each format, read by a library that did not write it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable

import pytest
import srt
import webvtt
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from captioner.core.segment import Segment
from captioner.transcript.export import TranscriptFormat, export
from captioner.transcript.growing import GrowingTranscript

_MARKDOWN = MarkdownIt()
_MARKUP = """\" ' --> &amp; <b> </v> {\\an8} \\N =1+1 @cmd - 1. # _x_ * |a|b| [a](b) ```
NOTE STYLE WEBVTT"""
_LETTERS = (
    "\ue000",
    "\u202e",
    "שלום",
    "مرحبا",
    "👩\u200d🚀",
    "🇩🇪",
    "e\u0301",
    "字幕" * 40,
    "x" * 10_000,
)
_SPECIAL = st.sampled_from((*_MARKUP.split(), *_LETTERS, "\n\n", "\x1b[2J"))
TEXTS = st.lists(
    st.lists(st.one_of(_SPECIAL, st.text(st.characters(exclude_categories=["Cs"]))), min_size=1)
    .map(" ".join)
    .filter(lambda text: bool(words(text))),
    min_size=1,
    max_size=4,
)


def words(text: str) -> list[str]:
    """Return what a person reads of it: words, without what only a terminal would obey."""
    return re.sub("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]", "", text).split()


def of_txt(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n")


def of_md(text: str) -> list[str]:
    """Return the paragraphs as a browser would show them, and nothing else may be there."""
    tokens = _MARKDOWN.parse(text)
    assert {each.type for each in tokens} <= {"paragraph_open", "inline", "paragraph_close"}
    pieces = [each.children or [] for each in tokens if each.type == "inline"]
    assert {piece.type for each in pieces for piece in each} <= {"text", "text_special"}
    shown = ["".join(piece.content for piece in each) for each in pieces]
    return [re.sub(r"^\d\d:\d\d:\d\d ", "", each) for each in shown]


def of_csv(text: str) -> list[str]:
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    cells = [row["text"] for row in rows]
    assert not any(re.match("[=+\\-@\t\r\n＝＋－＠]", cell) for cell in cells)  # noqa: RUF001
    return [re.sub("^'(?='*[=+\\-@\t\r\n＝＋－＠])", "", cell) for cell in cells]  # noqa: RUF001


def of_json(text: str) -> list[str]:
    return [event["text"] for event in json.loads(text)]


def of_srt(text: str) -> list[str]:
    return [cue.content for cue in srt.parse(text, ignore_errors=False)]


def of_vtt(text: str) -> list[str]:
    raw = [cue.raw_text for cue in webvtt.from_buffer(io.StringIO(text))]
    return [each.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") for each in raw]


READERS: dict[TranscriptFormat, Callable[[str], list[str]]] = {
    TranscriptFormat.TXT: of_txt,
    TranscriptFormat.MD: of_md,
    TranscriptFormat.CSV: of_csv,
    TranscriptFormat.JSON: of_json,
    TranscriptFormat.SRT: of_srt,
    TranscriptFormat.VTT: of_vtt,
}


def grown(said: list[Segment], form: TranscriptFormat) -> str:
    growing = GrowingTranscript(form)
    content = growing.head
    for each in said:
        over, more = growing.add(each)
        content = content[: len(content) - over] + more
    return content


@pytest.mark.parametrize("form", TranscriptFormat)
@settings(derandomize=True, deadline=None, max_examples=60)
@given(TEXTS)
@example(["=HYPERLINK(1)", "'=1", "-5 degrees", "00:00:01,000 --> 00:00:02,000", "word " * 2000])
def test_any_text_comes_back(form: TranscriptFormat, texts: list[str]) -> None:
    said = [
        Segment(number, text, is_final=True, start_ms=9000 * number, end_ms=9000 * number + 5000)
        for number, text in enumerate(texts)
    ]
    for written in (export(said, form), grown(said, form)):
        found = READERS[form](written)
        if form in {TranscriptFormat.CSV, TranscriptFormat.JSON}:
            assert found == texts
        elif form in {TranscriptFormat.SRT, TranscriptFormat.VTT}:
            shown = "".join(letter for each in found for letter in words(each))
            assert shown == "".join(letter for each in texts for letter in words(each))
        else:
            assert list(map(words, found)) == list(map(words, texts))
    if form is TranscriptFormat.MD:
        without = of_md(export(said, form, times=False))
        assert list(map(words, without)) == list(map(words, texts))
