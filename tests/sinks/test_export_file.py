"""A transcript that grows: a whole file of its format after each caption, whatever is said."""

from __future__ import annotations

import contextlib
import csv
import html
import io
import itertools
import json
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import srt
import webvtt

from captioner.core.errors import ConfigurationError
from captioner.core.events import CaptionChanged, GapMarked
from captioner.core.segment import Gap, Segment
from captioner.sinks.export_file import ExportFileWriter
from captioner.transcript.export import Spoken, TranscriptFormat, export, plain_line
from tests.sinks.test_history import caption
from tests.sinks.test_history_disk import disk

__all__ = ["disk"]


def of_json(text: str) -> list[str]:
    return [event["text"] for event in json.loads(text) if event["type"] == "transcription"]


def of_csv(text: str) -> list[str]:
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    return [row["text"] for row in rows if row["kind"] == "speech"]


def of_srt(text: str) -> list[str]:
    found = list(srt.parse(text, ignore_errors=False))
    assert [cue.index for cue in found] == list(range(1, len(found) + 1))
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    return [" ".join(cue.content for cue in found)]


def of_vtt(text: str) -> list[str]:
    return [html.unescape(" ".join(cue.text for cue in webvtt.from_buffer(io.StringIO(text))))]


READERS: dict[TranscriptFormat, Callable[[str], list[str]]] = {
    TranscriptFormat.JSON: of_json,
    TranscriptFormat.CSV: of_csv,
    TranscriptFormat.SRT: of_srt,
    TranscriptFormat.VTT: of_vtt,
}
SAID = ['He said "no", twice', "{left} --> right", "smile 😀", "שלום עולם", "the last " * 30]


def events() -> list[CaptionChanged | GapMarked]:
    found: list[CaptionChanged | GapMarked] = []
    for number, text in enumerate(SAID):
        for is_final in (False, True):
            segment = Segment(number, text.strip(), is_final, number * 900, number * 900 + 800)
            found.append(CaptionChanged(segment, text))
    found.insert(4, GapMarked(Gap(1750, 1800, "The server, [away]")))
    return found


def spoken(event: CaptionChanged | GapMarked) -> Spoken:
    return event.gap if isinstance(event, GapMarked) else event.segment


@pytest.mark.parametrize("form", TranscriptFormat)
def test_it_is_whole_after_each_caption(form: TranscriptFormat, tmp_path: Path) -> None:
    path = tmp_path / "folder" / f"talk.{form.value}"
    writer = ExportFileWriter(path, print)
    said: list[str] = []
    for event in events():
        writer.write(event)
        if isinstance(event, CaptionChanged) and event.segment.is_final:
            said.append(event.segment.text)
        text = path.read_text(encoding="utf-8")
        if form in {TranscriptFormat.JSON, TranscriptFormat.CSV}:
            assert READERS[form](text) == said
        elif form in READERS:
            words = " ".join(READERS[form](text)).replace("\n", " ").split()
            assert words == " ".join(said).split()
    writer.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    if form in {TranscriptFormat.TXT, TranscriptFormat.MD, TranscriptFormat.CSV}:
        whole = [spoken(event) for event in events()]
        finals = [each for each in whole if isinstance(each, Gap) or each.is_final]
        assert text == export(finals, form)


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "talk.srt"
    path.write_text("mine")
    with pytest.raises(ConfigurationError, match="is there already"):
        ExportFileWriter(path, print)
    assert path.read_text() == "mine"
    with pytest.raises(ConfigurationError, match="no ending"):
        ExportFileWriter(tmp_path / "talk.docx", print)


def test_who_reads_along_has_each_caption_at_once(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    writer = ExportFileWriter(path, print)
    with subprocess.Popen(
        ["/usr/bin/env", "tail", "-n", "+1", "-f", str(path)], stdout=subprocess.PIPE, text=True
    ) as tail:
        assert tail.stdout is not None
        for event in events():
            writer.write(event)
            if isinstance(event, GapMarked) or event.segment.is_final:
                assert tail.stdout.readline() == f"{plain_line(spoken(event))}\n"
        tail.kill()
    writer.close()


@pytest.mark.parametrize("form", TranscriptFormat)
def test_a_disk_that_is_full_for_a_while(form: TranscriptFormat, disk: Path) -> None:
    told: list[str] = []
    path = disk / f"talk.{form.value}"
    writer = ExportFileWriter(path, told.append)
    said = [caption(number, f"sentence {number} is said", is_final=True) for number in range(400)]
    for event in said[:200]:
        writer.write(event)
    whole = path.read_bytes()
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as stream, contextlib.suppress(OSError):
        while True:
            stream.write(bytes(4096))
    for event in said[200:]:
        writer.write(event)
    assert told == [
        (
            f"{path} cannot be written: No space left on device. What is said waits, and is "
            "written as soon as that is possible."
        )
    ]
    kept = path.read_bytes()
    assert len(kept) >= len(whole)
    if form in READERS:
        READERS[form](kept.decode())  # what is there is whole
    ballast.unlink()
    writer.write(GapMarked(Gap(10**9, 10**9 + 1, "The disk was full")))
    assert told[1:] == [f"{path} is written again, with all that waited."]
    writer.close()
    text = path.read_text(encoding="utf-8")
    assert [f"sentence {number} is said" in text.replace("\n", " ") for number in range(400)] == (
        [True] * 400
    )
    if form in READERS:
        READERS[form](text)


def test_a_disk_that_stays_full_is_told_at_the_end(disk: Path) -> None:
    writer = ExportFileWriter(disk / "talk.txt", print)
    with (disk / "ballast").open("wb", buffering=0) as stream, contextlib.suppress(OSError):
        while True:
            stream.write(bytes(4096))
    writer.write(caption(0, "x" * 5000, is_final=True))
    with pytest.raises(OSError, match="No space"):
        writer.close()
    assert (disk / "talk.txt").read_text() == ""
