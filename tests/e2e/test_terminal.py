"""`captioner transcribe` and `captioner live`, as a person runs them."""

from __future__ import annotations

import itertools
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import soundfile
import srt
import webvtt

from tests.support.clips import BECKETT, TWO_CITIES, normalised, word_error_rate
from tests.support.program import Program
from tests.support.pulse import SoundServer

BOTH = f"{TWO_CITIES.text} {BECKETT.text}"


def test_transcribe_reads_both_clips_nearly_without_error(program: Program) -> None:
    done = program.run("transcribe", str(TWO_CITIES.path), str(BECKETT.path))
    assert done.returncode == 0, done.stderr
    assert word_error_rate(BOTH, done.stdout) <= 0.10


@pytest.mark.slow
def test_subtitles_parse_with_libraries_that_did_not_write_them(
    program: Program, tmp_path: Path
) -> None:
    for form in ("srt", "vtt"):
        done = program.run("transcribe", "-f", form, "-o", str(tmp_path), str(TWO_CITIES.path))
        assert done.returncode == 0, done.stderr
        assert (tmp_path / f"two_cities.{form}").exists()
    cues = list(srt.parse((tmp_path / "two_cities.srt").read_text(encoding="utf-8")))
    assert word_error_rate(TWO_CITIES.text, " ".join(cue.content for cue in cues)) <= 0.12
    captions = list(webvtt.read(tmp_path / "two_cities.vtt"))
    assert [cue.content for cue in cues] == [caption.text for caption in captions]
    for earlier, later in itertools.pairwise(cues):
        assert earlier.start < earlier.end <= later.start


def test_one_bad_file_does_not_keep_the_others_from_being_transcribed(
    program: Program, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.wav"
    empty.touch()
    done = program.run("transcribe", str(tmp_path / "missing.wav"), str(empty), str(BECKETT.path))
    assert done.returncode == 11
    assert "try again" in done.stdout.lower()
    assert "missing.wav" in done.stderr
    assert "empty.wav" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.sound
@pytest.mark.slow
def test_live_captions_what_the_computer_plays(
    program: Program, pulse_server: SoundServer, tmp_path: Path
) -> None:
    output = tmp_path / "captions.jsonl"
    child = program.start(
        "live",
        "--source",
        "system",
        "--format",
        "jsonl",
        output=output,
        environ=program.environ(**pulse_server.changes),
    )
    program.wait_for(
        lambda: (
            "Listening" in output.with_suffix(".err").read_text()
            or len(pulse_server.listed("source-outputs")) > 0
        ),
        what="it never listened",
    )
    for clip in (TWO_CITIES, BECKETT):
        assert pulse_server.play(clip.path).wait(120) == 0
    # Stop at once: the last words are still on their way, and must not be lost.
    assert program.interrupt(child) == 130
    events = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    finals = [event for event in events if event["type"] == "transcription"]
    assert word_error_rate(BOTH, " ".join(event["text"] for event in finals)) <= 0.15
    # The words, without their punctuation: where the capture begins in a sample decides on a comma.
    assert normalised(finals[-1]["text"]).split()[-2:] == ["fail", "better"]
    assert [event["segment_id"] for event in finals] == list(range(len(finals)))
    assert any(event["type"] == "partial" for event in events)


@pytest.mark.slow
@pytest.mark.sound
def test_both_are_captioned_and_a_microphone_that_vanishes_costs_the_others_no_word(
    program: Program, pulse_server: SoundServer, tmp_path: Path
) -> None:
    microphone = pulse_server.add_microphone("desk_mic")
    output, saved = tmp_path / "captions.jsonl", tmp_path / "talk.txt"
    child = program.start(
        *("live", "--source", "both", "--mic-device", "desk_mic"),
        *("--format", "jsonl", "--save", str(saved)),
        output=output,
        environ=program.environ(**pulse_server.changes),
    )
    program.wait_for(
        lambda: len(pulse_server.listed("source-outputs")) == 2, what="it never listened to both"
    )

    def finals() -> list[dict[str, Any]]:
        events = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
        return [event for event in events if event["type"] == "transcription"]

    def said(channel: str) -> str:
        return " ".join(event["text"] for event in finals() if event["channel"] == channel)

    assert pulse_server.play(BECKETT.path, sink="mic_sink").wait(60) == 0
    program.wait_for(lambda: "again" in said("You").lower(), what="You was never captioned")
    frames, rate = soundfile.read(TWO_CITIES.path, dtype="int16", frames=9 * 48_000)
    soundfile.write(tmp_path / "clip.wav", frames, rate)
    playing = pulse_server.play(tmp_path / "clip.wav")
    program.wait_for(
        lambda: '"Others"' in output.read_text(encoding="utf-8"), what="Others was never captioned"
    )
    pulse_server.remove_module(microphone)
    assert playing.wait(60) == 0
    program.wait_for(
        lambda: "foolishness" in said("Others").lower(), what="Others lost its last words"
    )
    assert program.interrupt(child) == 130
    spoken = TWO_CITIES.text.partition(", it was the epoch")[0]
    assert word_error_rate(spoken, said("Others")) <= 0.1
    assert sorted(event["segment_id"] for event in finals()) == list(range(len(finals())))
    lines = saved.read_text(encoding="utf-8").splitlines()
    assert [line.partition(":")[0] for line in lines] == sorted(
        [event["channel"] for event in finals()], reverse=True
    ), "in the order in which things were said: first you, then the others"


@pytest.mark.slow
def test_live_ends_when_nobody_reads_it_any_more(program: Program) -> None:
    live = subprocess.Popen(
        program.command("live", "--source", f"file:{TWO_CITIES.path}"),
        env=program.environ(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert live.stdout is not None
    assert live.stderr is not None
    with live.stdout, live.stderr:
        assert live.stdout.readline()
        live.stdout.close()
        assert live.wait(25) == 0  # the clip itself lasts 44 s
        assert "Traceback" not in live.stderr.read()


def test_a_full_disk_is_told(program: Program) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            program.command("live", "--source", f"file:{BECKETT.path}", "--format", "jsonl"),
            env=program.environ(),
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert done.returncode == 3
    assert "No space left" in done.stderr
    assert "Fix:" in done.stderr
    assert "Traceback" not in done.stderr
