"""Sinks: a slow one delays nobody, a broken one is left out, and what they write is right."""

from __future__ import annotations

import io
import json
import logging
import os
import stat
import threading
from pathlib import Path

import pytest
from rich.console import Console

from captioner.core.audio import AudioLevel
from captioner.core.errors import ConfigurationError, UnavailableError
from captioner.core.events import (
    CaptionChanged,
    EngineChanged,
    GapMarked,
    HealthChanged,
    LevelChanged,
    SessionEvent,
    SourceChanged,
    StateChanged,
)
from captioner.core.health import Health, HealthState
from captioner.core.segment import Gap, Segment
from captioner.core.state import SessionState
from captioner.sinks import threaded
from captioner.sinks.json_lines import JsonLinesWriter
from captioner.sinks.terminal import TerminalWriter
from captioner.sinks.text_file import TextFileWriter
from captioner.sinks.threaded import ThreadedSink


def caption(
    number: int, text: str, *, is_final: bool = False, channel: str = "", shown: str | None = None
) -> CaptionChanged:
    segment = Segment(number, text, is_final=is_final, start_ms=0, end_ms=1, channel=channel)
    return CaptionChanged(segment, text if shown is None else shown)


class Recorder:
    """A writer that can be held up, and that can break."""

    def __init__(self, *, breaks_on: SessionEvent | None = None) -> None:
        self.written: list[SessionEvent] = []
        self.threads: set[str] = set()
        self.closed = 0
        self.busy = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()
        self._breaks_on = breaks_on

    def write(self, event: SessionEvent) -> None:
        self.threads.add(threading.current_thread().name)
        self.busy.set()
        assert self.go_on.wait(10)
        if event == self._breaks_on:
            raise OSError("the disk is full")
        self.written.append(event)

    def close(self) -> None:
        self.closed += 1


def waiting(sink: ThreadedSink) -> list[SessionEvent]:
    return [queued[0] for queued in sink._events if queued is not None]


def test_events_are_written_in_order_on_another_thread() -> None:
    recorder = Recorder()
    sink = ThreadedSink(recorder, "probe")
    events = [caption(number, "x") for number in range(100)]
    for event in events:
        sink(event)
    sink.close()
    assert recorder.written == events
    assert recorder.threads == {"sink-probe"}
    assert recorder.closed == 1
    assert sink.dropped == 0
    assert not sink._thread.is_alive()


def test_a_held_up_writer_holds_up_nobody_and_loses_the_least(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ten places: partials and levels go first, then other news, finals last."""
    monkeypatch.setattr(threaded, "_QUEUE_LIMIT", 10)
    recorder = Recorder()
    recorder.go_on.clear()
    sink = ThreadedSink(recorder, "slow")
    begun = StateChanged(SessionState.STREAMING)
    sink(begun)
    assert recorder.busy.wait(10)
    gap = GapMarked(Gap(0, 1, "lost"))
    finals = [caption(number, "f", is_final=True) for number in range(9)]
    sink(gap)
    for final in finals[:4]:
        sink(final)
        sink(caption(final.segment.id + 1, "p"))
        sink(LevelChanged(AudioLevel()))
    assert sink.dropped == 3
    for final in finals[4:]:
        sink(final)
    assert sink.dropped == 8
    assert waiting(sink) == [gap, *finals]
    extra = caption(9, "f", is_final=True)
    sink(extra)
    sink(caption(10, "f", is_final=True))
    assert sink.dropped == 10
    assert waiting(sink) == [*finals[1:], extra, caption(10, "f", is_final=True)]
    recorder.go_on.set()
    sink.close()
    assert recorder.written[0] == begun
    assert len(recorder.written) == 11


def test_a_broken_writer_is_told_once_closed_and_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    poison = caption(1, "secret words")
    recorder = Recorder(breaks_on=poison)
    sink = ThreadedSink(recorder, "broken")
    sink(caption(0, "fine"))
    sink(poison)
    sink._thread.join(10)
    for number in range(2, 50):
        sink(caption(number, "more"))
    sink.close()
    assert recorder.written == [caption(0, "fine")]
    assert recorder.closed == 1
    assert isinstance(sink.failure, OSError)
    assert not any(sink._events), "nothing is kept for a writer that will not come"
    told = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(told) == 1
    assert "secret words" not in caplog.text


def test_a_writer_that_never_returns_is_left_behind(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(threaded, "_CLOSE_LIMIT_S", 0.05)
    recorder = Recorder()
    recorder.go_on.clear()
    sink = ThreadedSink(recorder, "stuck")
    sink(caption(0, "x"))
    assert recorder.busy.wait(10)
    sink.close()
    assert "left behind" in caplog.text
    recorder.go_on.set()
    sink._thread.join(10)


def test_after_close_events_go_nowhere() -> None:
    recorder = Recorder()
    sink = ThreadedSink(recorder, "probe")
    sink.close()
    sink(caption(0, "late"))
    sink.close()
    assert recorder.written == []
    assert recorder.closed == 1
    assert caption(0, "late") not in waiting(sink)


def test_json_lines() -> None:
    out = io.StringIO()
    writer = JsonLinesWriter(out)
    writer.write(StateChanged(SessionState.STREAMING))
    writer.write(LevelChanged(AudioLevel()))
    writer.write(caption(3, "so far so", shown="so far"))
    writer.write(caption(3, "So far, so good.", is_final=True))
    writer.write(GapMarked(Gap(100, 900, "Some audio was lost here.")))
    writer.write_error(UnavailableError("Gone.", hint="Wait."))
    writer.close()
    lines = out.getvalue().splitlines()
    events = [json.loads(line) for line in lines]
    assert [(event["type"], event["segment_id"]) for event in events] == [
        ("partial", 3),
        ("transcription", 3),
        ("error", 3),
        ("error", 3),
    ]
    assert events[2]["code"] == "AUDIO_LOST"
    assert events[0]["text"] == "so far so", "programs get the whole partial"
    assert out.getvalue().endswith("}\n")


def test_each_json_line_is_out_before_the_next_event(tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(read_end) as reader, os.fdopen(write_end, "w") as stream:
        JsonLinesWriter(stream).write(caption(0, "now"))
        assert json.loads(reader.readline())["text"] == "now"


def test_the_text_file_keeps_finals_and_gaps_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "talk.txt"
    before = os.umask(0)
    try:
        writer = TextFileWriter(path, print)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    writer.write(caption(0, "not yet"))
    writer.write(caption(0, "First. 😀", is_final=True))
    assert path.read_text("utf-8") == "First. 😀\n", "there before the file is closed"
    writer.write(caption(1, "", is_final=True))
    writer.write(GapMarked(Gap(0, 1, "Some audio was lost here.")))
    writer.write(caption(2, "Second.", is_final=True, channel="You"))
    writer.write(LevelChanged(AudioLevel()))
    writer.close()
    expected = "First. 😀\n[Some audio was lost here.]\nYou: Second.\n"
    assert path.read_text("utf-8") == expected
    again = TextFileWriter(path, print)
    again.write(caption(0, "Next day.", is_final=True))
    again.close()
    assert path.read_text("utf-8") == expected + "Next day.\n"


def test_each_line_is_on_disk_before_the_next_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda _: synced.append(path.stat().st_size))
    path = tmp_path / "talk.txt"
    writer = TextFileWriter(path, print)
    writer.write(caption(0, "One.", is_final=True))
    writer.write(caption(1, "Two.", is_final=True))
    writer.close()
    assert synced == [5, 10]


def test_a_text_file_that_cannot_be_written_names_the_fix(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "talk.txt", tmp_path):
        with pytest.raises(ConfigurationError) as caught:
            TextFileWriter(path, print)
        assert str(path) in caught.value.message
        assert caught.value.hint


def screen(*, is_terminal: bool) -> tuple[TerminalWriter, io.StringIO, io.StringIO]:
    out, notes = io.StringIO(), io.StringIO()
    writer = TerminalWriter(
        Console(file=out, force_terminal=is_terminal, width=60, highlight=False),
        Console(file=notes, force_terminal=False, width=60, highlight=False),
    )
    return writer, out, notes


LISTENING = Health(HealthState.LISTENING, "Listening to Mic.")
QUIET = Health(HealthState.NO_AUDIO, "No sound reaches Mic.", "Check that it is not muted.")


def test_without_a_terminal_only_finals_are_printed() -> None:
    writer, out, notes = screen(is_terminal=False)
    long = "word " * 40 + "end."
    writer.write(SourceChanged("microphone", "Mic [bold]"))
    writer.write(EngineChanged("Mock engine (scripted words)", is_mock=True))
    writer.write(caption(0, "not yet"))
    writer.write(caption(0, "[red]Not[/red] yet.", is_final=True))
    writer.write(caption(1, "", is_final=True))
    writer.write(caption(2, long, is_final=True, channel="You"))
    writer.write(GapMarked(Gap(0, 1, "Some audio was lost here.")))
    writer.close()
    assert out.getvalue() == f"[red]Not[/red] yet.\nYou: {long}\n"
    assert notes.getvalue().splitlines() == [
        "Listening to Mic [bold] (microphone).",
        "Recognised by: Mock engine (scripted words).",
        "[Some audio was lost here.]",
    ]


def test_in_a_terminal_partials_are_shown_and_finals_take_their_place() -> None:
    writer, out, _ = screen(is_terminal=True)
    writer.write(caption(0, "we hold these tru", shown="we hold these"))
    assert "we hold these" in out.getvalue()
    assert "tru" not in out.getvalue()
    writer.write(caption(0, "We hold these truths.", is_final=True))
    assert out.getvalue().rstrip().endswith("We hold these truths.")
    writer.write(caption(1, "more", shown="more"))
    writer.close()
    assert writer._live is None
    assert out.getvalue().endswith("\x1b[2K"), "the open caption is wiped away"


def test_two_channels_that_speak_at_once_have_a_line_each() -> None:
    writer, out, _ = screen(is_terminal=True)
    writer.write(caption(0, "shall we", channel="Others"))
    writer.write(caption(1, "I agree", channel="You"))
    assert "Others: shall we" in out.getvalue()
    assert "You: I agree" in out.getvalue()
    writer.write(caption(1, "I agree.", channel="You", is_final=True))
    after = out.getvalue().rpartition("You: I agree.")[2]
    assert "Others: shall we" in after, "what is still open is shown below what is finished"
    assert "You:" not in after
    writer.close()


def test_a_note_does_not_go_on_where_the_open_caption_ends() -> None:
    both = io.StringIO()
    out, notes = (
        Console(file=both, force_terminal=True, width=60, highlight=False) for _ in range(2)
    )
    writer = TerminalWriter(out, notes)
    writer.write(caption(0, "we hold"))
    before = len(both.getvalue())
    writer.write(GapMarked(Gap(0, 1, "Some audio was lost here.")))
    wiped, note, after = both.getvalue()[before:].partition("[Some audio was lost here.]")
    assert note
    assert "\x1b[2K" in wiped
    assert "we hold" in after, "the open caption is shown again below the note"
    writer.close()


def test_of_a_caption_that_is_too_long_the_newest_words_are_shown() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=10, height=4, highlight=False)
    writer = TerminalWriter(console, Console(file=io.StringIO()))
    writer.write(caption(0, " ".join(f"word-{number:02}" for number in range(20))))
    assert "word-19" in out.getvalue()
    assert "word-00" not in out.getvalue()
    writer.close()


def test_how_far_it_is_behind_is_told_once() -> None:
    writer, _, notes = screen(is_terminal=False)
    for seconds in (4, 5, 6):
        sentence = f"The server is {seconds} seconds behind."
        writer.write(HealthChanged(Health(HealthState.DEGRADED, sentence, "Close programs.")))
    writer.write(HealthChanged(LISTENING))
    assert notes.getvalue().splitlines() == [
        "The server is 4 seconds behind. Close programs.",
        "Listening to Mic.",
    ]


def test_a_held_back_partial_shows_nothing() -> None:
    writer, out, _ = screen(is_terminal=True)
    writer.write(caption(0, "w", shown=""))
    writer.close()
    assert out.getvalue() == ""


def test_troubles_are_told_once_and_their_end_too() -> None:
    writer, _, notes = screen(is_terminal=False)
    for health in (LISTENING, QUIET, QUIET, LISTENING, LISTENING):
        writer.write(HealthChanged(health))
    assert notes.getvalue().splitlines() == [
        "No sound reaches Mic. Check that it is not muted.",
        "Listening to Mic.",
    ]
