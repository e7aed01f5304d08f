"""Where the time of an utterance goes, stage by stage."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from captioner.core.audio import AudioChunk
from captioner.core.clock import SystemClock
from captioner.core.events import CaptionChanged
from captioner.core.segment import Segment
from captioner.session.trace import STAGES, LatencyTrace
from tests.support.clips import BECKETT
from tests.support.program import Program


class _SetClock(SystemClock):
    """Stands where a test puts it."""

    time_s = 0.0

    def now(self) -> float:
        return self.time_s


def _caption(*, is_final: bool, revision: int) -> CaptionChanged:
    segment = Segment(
        id=4, text="a b", is_final=is_final, start_ms=0, end_ms=100, revision=revision
    )
    return CaptionChanged(segment, "a b", told_at=1.0)


def test_each_stage_is_timed_from_the_audio_that_the_words_rest_on() -> None:
    clock = _SetClock()
    trace = LatencyTrace(clock)
    trace.opened()
    for number in range(3):
        heard = 10.0 + number
        clock.time_s = heard + 0.04
        trace.queued(AudioChunk(bytes(3200), 1600 * number, heard, delivered_at=heard + 0.01))
        clock.time_s = heard + 0.06
        trace.sent(1600 * (number + 1))
    clock.time_s = 12.5
    trace.answered(0.2)  # the second chunk, heard at 11.0
    clock.time_s = 12.6
    first = _caption(is_final=False, revision=0)
    trace.reduced(first)
    trace.reduced(_caption(is_final=False, revision=1))  # no longer the first words
    clock.time_s = 12.65

    found = trace.painted(first)
    assert found is not None
    assert found.audio_ms == 200
    times = [10, 30, 20, 1440, 100, 50]
    assert found.stages_ms == pytest.approx(dict(zip(STAGES, times, strict=True)))
    assert found.total_ms == pytest.approx(1650)
    assert trace.painted(_caption(is_final=False, revision=1)) is None


def test_a_server_that_does_not_say_how_far_it_is_had_all_that_was_sent() -> None:
    clock = _SetClock()
    trace = LatencyTrace(clock)
    trace.queued(AudioChunk(bytes(3200), 0, 0.0))
    trace.sent(1600)
    trace.answered(0.0)
    final = _caption(is_final=True, revision=0)
    trace.reduced(final)
    made_by_us = replace(final, segment=replace(final.segment, id=5), told_at=0.0)
    trace.reduced(made_by_us)
    found = trace.painted(final)
    assert found is not None
    assert found.audio_ms == 100
    assert trace.painted(made_by_us) is None


@pytest.mark.slow
def test_the_command_tells_first_words_and_final(mock_program: Program) -> None:
    done = mock_program.run("trace", "--source", f"file:{BECKETT.path}", "--json")
    assert done.returncode == 0, done.stderr
    first, final = json.loads(done.stdout)["captions"]
    assert (first["caption"], final["caption"]) == ("first_words", "final")
    for caption in (first, final):
        assert [*caption["stages_ms"]][-1] == "written", "a terminal does the painting"
        assert all(ms >= 0 for ms in caption["stages_ms"].values())
        assert sum(caption["stages_ms"].values()) == pytest.approx(caption["total_ms"], abs=0.1)
    # The script ends its utterance after half a second of silence, at the side of the server.
    assert final["stages_ms"]["network_and_server"] > 400

    refused = mock_program.run("trace", "--source", "both", "--json")
    assert json.loads(refused.stdout)["error"]["category"] == "configuration"
    assert "Choose one" in refused.stderr
