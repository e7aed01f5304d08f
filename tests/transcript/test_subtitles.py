"""Subtitle files, read back by libraries that did not write them."""

from __future__ import annotations

import io
import itertools
import json
from dataclasses import replace

import pytest
import srt
import webvtt
from hypothesis import given, settings
from hypothesis import strategies as st

from captioner.core.hypothesis import Word
from captioner.core.segment import Segment
from captioner.transcript.export import TranscriptFormat, export
from captioner.transcript.subtitles import Cue, cues

ODD_TEXTS = [
    "He said \"no\", 'no' and `no`.",
    "left --> right",
    "00:00:01,000 --> 00:00:02,000",
    r"{\an8}at the top {\b1}bold{\b0} {comment}",
    "<b>bold</b> <i>slanted</i> <c.red>red</c> <00:00:01.000> a<b & c>d",
    "&amp; &lt; AT&T",
    r"a\Nb c\nd e\hf back\slash trailing\\",
    "1",
    "WEBVTT",
    "NOTE this is none",
    "STYLE",
    "smile 😀 👩\u200d🚀 flag 🇩🇪",
    "שלום עולם, مرحبا بالعالم",
    "naïve café e\u0301",
]


def segment(
    text: str, start_ms: int, end_ms: int, *, number: int = 0, words: tuple[Word, ...] = ()
) -> Segment:
    return Segment(number, text, is_final=True, start_ms=start_ms, end_ms=end_ms, words=words)


def read_srt(text: str) -> list[tuple[int, int, str]]:
    return [
        (
            round(cue.start.total_seconds() * 1000),
            round(cue.end.total_seconds() * 1000),
            cue.content,
        )
        for cue in srt.parse(text, ignore_errors=False)
    ]


def read_vtt(text: str) -> list[tuple[int, int, str]]:
    found = webvtt.from_buffer(io.StringIO(text))
    return [
        (
            _ms(cue.start),
            _ms(cue.end),
            cue.raw_text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"),
        )
        for cue in found.captions
    ]


def _ms(stamp: str) -> int:
    hours, minutes, seconds = stamp.split(":")
    return round(1000 * (3600 * int(hours) + 60 * int(minutes) + float(seconds)))


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_odd_text_survives(text: str) -> None:
    segments = [
        segment("Before.", 0, 900),
        segment(text, 1000, 6000),
        segment("After.", 7000, 8000),
    ]
    for form, read in ((TranscriptFormat.SRT, read_srt), (TranscriptFormat.VTT, read_vtt)):
        found = read(export(segments, form))
        contents = [content for _, _, content in found]
        assert contents[0] == "Before."
        assert contents[-1] == "After."
        assert " ".join(contents[1:-1]).split() == text.split(), form
        assert not any("\\N" in content and "\\N" not in text for content in contents)


def test_vtt_text_holds_no_markup_and_no_arrow() -> None:
    written = export([segment("<b>a</b> --> b & c", 0, 1000)], TranscriptFormat.VTT)
    assert written.startswith("WEBVTT\n\n")
    body = written.split("\n")[4]
    assert body == "&lt;b&gt;a&lt;/b&gt; --&gt; b &amp; c"


def test_a_line_break_inside_a_text_does_not_break_the_file() -> None:
    segments = [segment("one\n\ntwo\r\nthree", 0, 2000), segment("four", 3000, 4000)]
    assert [content for _, _, content in read_srt(export(segments, TranscriptFormat.SRT))] == [
        "one two three",
        "four",
    ]


TOKENS = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=60)


@st.composite
def transcripts(draw: st.DrawFn) -> list[Segment]:
    """Segments in order of time, with and without word times, some touching, some taken back."""
    found: list[Segment] = []
    at = draw(st.integers(0, 5_000_000))
    for number in range(draw(st.integers(0, 6))):
        tokens = draw(st.lists(TOKENS, max_size=30))
        at += draw(st.sampled_from([0, 0, 40, 900, 20_000]))
        words: list[Word] = []
        begin = at
        for token in tokens:
            length = draw(st.integers(0, 900))
            words.append(Word(token, at, at + length))
            at += length + draw(st.sampled_from([0, 0, 120, 8_000]))
        end = words[-1].end_ms if words else begin
        keeps = draw(st.booleans())
        found.append(
            segment(
                " ".join(tokens), begin, end, number=number, words=tuple(words) if keeps else ()
            )
        )
    return found


@settings(derandomize=True, deadline=None, max_examples=150)
@given(transcripts())
def test_cues_are_readable(segments: list[Segment]) -> None:
    found = cues(segments)
    spoken = "".join("".join(each.text.split()) for each in segments)
    assert "".join("".join(line.split()) for cue in found for line in cue.lines) == spoken
    for cue in found:
        assert 1 <= len(cue.lines) <= 2
        assert all(0 < len(line) <= 42 for line in cue.lines)
        assert 1000 <= cue.end_ms - cue.start_ms <= 7000
    for cue, following in itertools.pairwise(found):
        assert cue.end_ms <= following.start_ms, "never two at once"
    begins = [
        word.start_ms
        for each in segments
        for word in each.words or (Word("".join(each.text.split()), each.start_ms, each.end_ms),)
        for _ in word.text
    ]
    at = 0
    for cue in found:
        assert cue.start_ms >= begins[at], "none before its words"
        at += len("".join("".join(cue.lines).split()))


@settings(derandomize=True, deadline=None, max_examples=50)
@given(transcripts(), transcripts())
def test_two_who_speak_at_once_share_the_time(you: list[Segment], others: list[Segment]) -> None:
    said = {
        channel: [replace(each, channel=channel) for each in segments]
        for channel, segments in (("You", you), ("Others", others))
    }
    found = cues([*said["You"], *said["Others"]])
    for channel, segments in said.items():
        shown = [line for cue in found if cue.channel == channel for line in cue.lines]
        spoken = "".join("".join(each.text.split()) for each in segments)
        assert "".join("".join(line.split()) for line in shown) == spoken
    assert all(1000 <= cue.end_ms - cue.start_ms <= 7000 for cue in found)
    assert all(cue.end_ms <= following.start_ms for cue, following in itertools.pairwise(found))
    written = read_srt(export([*said["You"], *said["Others"]], TranscriptFormat.SRT))
    assert all(len(line) <= 42 for _, _, text in written for line in text.split("\n"))


def test_what_is_said_too_soon_after_one_another_is_one_cue() -> None:
    said = [segment("Yes.", 0, 300), segment("No.", 400, 700, number=1)]
    assert cues(said) == [Cue(0, 1000, ("Yes. No.",))]
    apart = [said[0], replace(said[1], channel="You")]
    assert cues(apart) == [Cue(0, 1000, ("Yes.",)), Cue(1000, 2000, ("No.",), "You")]


def test_voices_of_one_source_are_told_apart() -> None:
    words = tuple(
        Word(text, 900 * place, 900 * place + 800, speaker=speaker)
        for place, (text, speaker) in enumerate((("ready", 1), ("or", 1), ("not", 1), ("no", 2)))
    )
    said = [segment("Ready or not? No.", 0, 3500, words=words)]
    assert read_srt(export(said, TranscriptFormat.SRT)) == [
        (0, 2600, "Speaker 1: Ready or not?"),
        (2700, 3700, "Speaker 2: No."),
    ]
    vtt = export(said, TranscriptFormat.VTT)
    assert [cue.voice for cue in webvtt.from_buffer(io.StringIO(vtt))] == ["Speaker 1", "Speaker 2"]
    assert export(said, TranscriptFormat.TXT) == "Speaker 1: Ready or not?\nSpeaker 2: No.\n"
    assert export(said, TranscriptFormat.TXT, speakers=False) == "Ready or not? No.\n"
    assert "Speaker" not in export(said, TranscriptFormat.VTT, speakers=False)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(transcripts())
def test_both_formats_are_read_back_as_the_cues(segments: list[Segment]) -> None:
    expected = [(cue.start_ms, cue.end_ms, list(cue.lines)) for cue in cues(segments)]
    if not expected:
        return
    for form, read in ((TranscriptFormat.SRT, read_srt), (TranscriptFormat.VTT, read_vtt)):
        found = [
            (start, end, text.split("\n")) for start, end, text in read(export(segments, form))
        ]
        assert found == expected, form


def test_cues_are_cut_at_full_lines_long_times_and_sentences() -> None:
    text = "one two three four five six seven eight nine. Ten eleven"
    words = tuple(
        Word(token, 400 * place, 400 * place + 300) for place, token in enumerate(text.split())
    )
    assert cues([segment(text, 0, 4700, words=words)]) == [
        Cue(0, 3500, ("one two three four five six seven eight", "nine.")),
        Cue(3600, 4600, ("Ten eleven",)),
    ]


def test_a_pause_longer_than_a_cue_cuts_it() -> None:
    words = (Word("before", 0, 500), Word("after", 20_000, 20_400))
    assert cues([segment("before after", 0, 20_400, words=words)]) == [
        Cue(0, 1000, ("before",)),
        Cue(20_000, 21_000, ("after",)),
    ]


def test_the_text_wins_over_words_that_lack_its_punctuation() -> None:
    words = (Word("hello", 100, 400), Word("there", 500, 900))
    assert cues([segment("Hello, there.", 0, 900, words=words)]) == [
        Cue(100, 1100, ("Hello, there.",))
    ]


def test_a_language_without_spaces_is_cut_into_lines() -> None:
    text = "字幕" * 50
    found = cues([segment(text, 0, 10_000)])
    assert "".join(line for cue in found for line in cue.lines) == text
    assert all(len(line) <= 42 for cue in found for line in cue.lines)


def test_plain_text_and_json() -> None:
    words = (Word("Hello.", 100, 400, 0.5),)
    segments = [segment("Hello.", 100, 400, words=words), segment("So “odd”.", 900, 990, number=1)]
    assert export(segments, TranscriptFormat.TXT) == "Hello.\nSo “odd”.\n"
    events = json.loads(export(segments, TranscriptFormat.JSON))
    assert [(event["segment_id"], event["start"], event["end"]) for event in events] == [
        (0, 100, 400),
        (1, 900, 990),
    ]
    assert events[0]["words"] == [{"word": "Hello.", "start": 100, "end": 400, "confidence": 0.5}]
    assert all(event["type"] == "transcription" for event in events)


@pytest.mark.parametrize("form", TranscriptFormat)
def test_nothing_said_is_a_valid_file(form: TranscriptFormat) -> None:
    written = export([], form)
    assert written in {
        "",
        "[]\n",
        "WEBVTT\n\n",
        "WEBVTT\n",
        "\ufeffstart,end,speaker,text,kind\n",
    }


def test_two_speakers_are_told_apart_in_the_order_of_their_speech() -> None:
    said = [
        replace(segment("I agree, and so do all of them, madam.", 3000, 5000), channel="You"),
        replace(segment("Shall we?", 1000, 6000, number=1), channel="Others"),
    ]
    assert export(said, TranscriptFormat.TXT) == (
        "Others: Shall we?\nYou: I agree, and so do all of them, madam.\n"
    )
    assert read_srt(export(said, TranscriptFormat.SRT)) == [
        (1000, 3000, "Others: Shall we?"),
        (3000, 5000, "You: I agree, and so do all of them,\nmadam."),
    ]
    assert "<v You>I agree, and so do all of them,\nmadam." in export(said, TranscriptFormat.VTT)
    assert [event["channel"] for event in json.loads(export(said, TranscriptFormat.JSON))] == [
        "Others",
        "You",
    ]
