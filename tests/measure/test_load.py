"""A load test against a recogniser whose delays are known, and its command."""

from __future__ import annotations

import asyncio
from pathlib import Path

import grpc
import pytest

from captioner.measure import load
from captioner.measure.limits import Limits
from captioner.measure.load import LoadRun
from captioner.measure.result import Pairing, Plan
from captioner.measure.target import Target
from captioner.settings.models import Settings
from tests.measure.speech import ANSWER_S, FINAL_AT_S, SPEECH_S, recognise, recording
from tests.support.riva_server import ServedStream, serve_riva

CHUNK_MS = 100


async def test_latencies_are_those_of_the_recogniser(tmp_path: Path) -> None:
    played = await recording(tmp_path / "speech.wav", chunk_ms=CHUNK_MS)
    plan = Plan(streams=3, duration_s=1.4, ramp_s=0.2, chunk_ms=CHUNK_MS)
    async with serve_riva(recognise) as server:
        found = await LoadRun(Target(server.endpoint, Settings()), plan, [played]).run()
    assert not found.errors
    assert found.pairing is Pairing.COUNT
    assert found.chunk_ms is not None
    assert found.final_ms is not None
    assert found.first_partial_ms is not None
    assert 1000 * ANSWER_S <= found.chunk_ms.p50 < 1000 * ANSWER_S + CHUNK_MS
    waited = 1000 * (FINAL_AT_S - SPEECH_S + ANSWER_S)
    assert waited <= found.final_ms.p50 < waited + 300
    assert CHUNK_MS - 10 <= found.first_partial_ms.p50 < CHUNK_MS + 1000 * ANSWER_S + 300
    assert found.accuracy is not None
    assert found.accuracy.wer == 0
    assert found.accuracy.words == 18
    assert found.finals == 3
    assert found.erasure == 0
    assert max(moment.streams for moment in found.timeline) == 3


async def test_streams_that_break_are_counted_by_status_and_opened_again(tmp_path: Path) -> None:
    played = await recording(tmp_path / "speech.wav", chunk_ms=CHUNK_MS)
    plan = Plan(streams=2, duration_s=1.4, ramp_s=0, chunk_ms=CHUNK_MS)

    async def break_first(stream: ServedStream) -> None:
        if stream.number == 0:
            await stream.hear(4 * played.samples // len(played.chunks))
            await stream.abort(grpc.StatusCode.UNAVAILABLE)
        await recognise(stream)

    async with serve_riva(break_first) as server:
        found = await LoadRun(Target(server.endpoint, Settings()), plan, [played]).run()
    assert found.errors == {"UNAVAILABLE": 1}
    assert (found.reconnects, found.given_up, found.dropped_s) == (1, 0, 0)
    assert sum(moment.errors for moment in found.timeline) == 1
    assert not Limits(errors=0).keeps(found)
    # What was said meanwhile is heard again, as it is by captions.
    assert found.accuracy is not None
    assert found.accuracy.wer == 0


async def test_last_words_that_do_not_come_are_errors_and_missing_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(load, "_LAST_WORDS_S", 0.3)
    played = await recording(tmp_path / "speech.wav", chunk_ms=CHUNK_MS)
    plan = Plan(streams=1, duration_s=1.3, ramp_s=0, chunk_ms=CHUNK_MS)

    async def owe(stream: ServedStream) -> None:
        await stream.hear_all()
        await asyncio.Event().wait()

    async with serve_riva(owe) as server:
        found = await LoadRun(Target(server.endpoint, Settings()), plan, [played]).run()
    assert found.errors == {"LAST_WORDS_LATE": 1}
    assert found.accuracy is not None
    assert found.accuracy.deletions == found.accuracy.words == 6
