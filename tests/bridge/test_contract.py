"""What a program meets that was written from the contract alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from captioner.core.audio import SAMPLE_RATE
from captioner.settings.models import Settings
from tests.support.bridge import ServedBridge, Talker, serve_bridge, settings_for
from tests.support.coded_recogniser import recognise
from tests.support.coded_server import killable_server
from tests.support.coded_speech import CodedSpeech, speak
from tests.support.riva_handlers import refuse_key
from tests.support.riva_server import RivaServer, serve_riva
from tests.support.wait import nothing_left


@pytest.fixture
async def riva() -> AsyncIterator[RivaServer]:
    """A server that says what it was sent."""
    async with nothing_left(), serve_riva(recognise) as server:
        yield server


@pytest.fixture
async def served(riva: RivaServer) -> AsyncIterator[ServedBridge]:
    """A bridge to that server."""
    async with serve_bridge(settings_for(riva.port)) as running:
        yield running


def words_of(speech: CodedSpeech) -> str:
    said = (" ".join(f"w{word.number}" for word in each) for each in speech.utterances)
    return " ".join(f"{text[0].upper()}{text[1:]}." for text in said)


def assert_is_now(text: str) -> None:
    assert abs((datetime.now(UTC) - datetime.fromisoformat(text)).total_seconds()) < 30


async def record(talker: Talker, speech: CodedSpeech, *, speed: float = 0.0) -> str:
    """Make one recording of ``speech``; return its whole text."""
    await talker.say("start_recording")
    await talker.hear("recording_started")
    await talker.send(speech.pcm, speed=speed)
    await talker.say("stop_recording")
    text: str = (await talker.hear("recording_stopped"))["final_transcript"]
    return text


async def test_a_recording_from_start_to_stop(served: ServedBridge) -> None:
    speech = speak(4, seed=1)
    async with served.talker(query="?client_id=desk-3") as talker:
        assert talker.connection.subprotocol == "captioner.v1"
        hello = await talker.hear()
        assert hello.pop("message")
        assert hello.pop("run")
        assert hello == {
            "type": "connection",
            "status": "connected",
            "client_id": "desk-3",
            "protocol_version": "1.0",
            "supported_audio_formats": ["pcm16"],
        }
        await talker.say("ping")
        assert (await talker.hear())["type"] == "pong"
        await talker.say("start_recording")
        started = await talker.hear()
        assert_is_now(started.pop("timestamp"))
        assert started == {"type": "recording_started"}
        await talker.send(speech.pcm, speed=4)
        await talker.say("stop_recording")
        stopped = await talker.hear("recording_stopped")
    assert_is_now(stopped.pop("timestamp"))
    assert stopped == {
        "type": "recording_stopped",
        "final_transcript": words_of(speech),
        "total_duration": round(speech.samples / SAMPLE_RATE, 3),
        "total_segments": len(speech.utterances),
    }
    assert " ".join(event["text"] for event in talker.finals) == words_of(speech)
    assert [event["segment_id"] for event in talker.finals] == list(range(len(speech.utterances)))
    partials = [event for event in talker.events if event["type"] == "partial"]
    assert partials
    for event in partials:
        assert set(event) == {
            *("type", "segment_id", "text", "is_final", "timestamp", "processing_time_ms")
        }
        assert event["is_final"] is False
    final, spoken = talker.finals[-1], speech.utterances[-1]
    assert_is_now(final["timestamp"])
    assert final["is_final"] is True
    assert final["confidence"] == pytest.approx(-0.1)
    assert final["processing_time_ms"] >= 0
    assert [word["word"] for word in final["words"]] == [f"w{word.number}" for word in spoken]
    assert final["words"][0]["start"] == spoken[0].start * 1000 // SAMPLE_RATE


async def test_ids_go_on_over_recordings_and_times_begin_again(served: ServedBridge) -> None:
    first, second = speak(2, seed=2), speak(2, seed=3)
    async with served.talker() as talker:
        assert await record(talker, first) == words_of(first)
        assert await record(talker, second) == words_of(second)
    ids = [event["segment_id"] for event in talker.finals]
    assert ids == list(range(len(first.utterances) + len(second.utterances)))
    begin = talker.finals[len(first.utterances)]["words"][0]["start"]
    assert begin == second.words[0].start * 1000 // SAMPLE_RATE


async def test_ten_at_once_get_their_own_words_each(served: ServedBridge) -> None:
    async def one(seed: int) -> None:
        speech = speak(4, seed=seed)
        async with served.talker(query=f"?client_id=c{seed}") as talker:
            assert (await talker.hear())["client_id"] == f"c{seed}"
            assert await record(talker, speech, speed=3) == words_of(speech)
            assert " ".join(event["text"] for event in talker.finals) == words_of(speech)

    await asyncio.gather(*(one(seed) for seed in range(10, 20)))


async def test_what_is_asked_of_the_recogniser_can_be_changed(
    served: ServedBridge, riva: RivaServer
) -> None:
    async with served.talker() as talker:
        await talker.say("configure", language_code="de-DE", enable_word_time_offsets=False)
        configured = await talker.hear("configured")
        assert_is_now(configured.pop("timestamp"))
        assert configured == {
            "type": "configured",
            "language_code": "de-DE",
            "model": "",
            "enable_automatic_punctuation": True,
            "enable_word_time_offsets": False,
            "interim_results": True,
        }
        for wrong in ({"language_code": 7}, {"sample_rate": 8000}, {"language_code": ""}):
            await talker.say("configure", **wrong)
            error = await talker.hear()
            assert error["code"] == "BAD_MESSAGE"
            assert next(iter(wrong)) in error["error"]
        speech = speak(2, seed=4)
        await record(talker, speech)
    config = riva.streams[-1].config
    assert config is not None
    assert config.config.language_code == "de-DE"
    assert talker.finals[0]["words"] == []


async def test_without_a_recogniser_it_says_so_and_recovers_by_itself() -> None:
    speech = speak(6, seed=5)
    async with killable_server() as riva, serve_bridge(settings_for(riva.port)) as served:
        await riva.kill()
        async with served.talker() as talker:
            await talker.say("start_recording")
            await talker.send(speech.pcm)
            error = await talker.hear("error")
            # The code says what the client has to know; why it is so is beside it.
            assert error["code"] == "NO_RECOGNISER"
            assert error["retryable"] is True
            assert (error["category"], error["cause"]) == ("unavailable", "UNAVAILABLE")
            assert error["segment_id"] == 0
            assert_is_now(error["timestamp"])
            await riva.start()
            while len(talker.finals) < len(speech.utterances):
                await talker.hear("transcription")
            await talker.say("stop_recording")
            stopped = await talker.hear("recording_stopped")
            assert stopped["final_transcript"] == words_of(speech)


async def test_what_trying_again_cannot_mend_ends_the_recording() -> None:
    async with (
        serve_riva(refuse_key) as riva,
        serve_bridge(settings_for(riva.port)) as served,
        served.talker() as talker,
    ):
        await talker.say("start_recording")
        await talker.send(bytes(32_000))
        error = await talker.hear("error")
        assert error["category"] == "credentials"
        assert (await talker.hear())["final_transcript"] == ""
        riva.handler = recognise
        speech = speak(2, seed=6)
        assert await record(talker, speech) == words_of(speech)


async def test_the_end_of_the_bridge_leaves_nobody_without_the_last_words(
    riva: RivaServer,
) -> None:
    speech = speak(2, seed=7)
    async with serve_bridge(settings_for(riva.port)) as served, served.talker() as talker:
        await talker.say("start_recording")
        await talker.send(speech.pcm)
        await talker.hear("partial")
        closing = asyncio.create_task(served.bridge.close())
        stopped = await talker.hear("recording_stopped")
        assert stopped["final_transcript"] == words_of(speech)
        await talker.connection.wait_closed()
        assert talker.connection.close_code == 1001
        await closing


async def test_the_embedded_engine_does_where_there_is_no_server() -> None:
    settings = Settings.model_validate({"engine": {"backend": "mock"}, "bridge": {"port": 0}})
    async with serve_bridge(settings) as served, served.talker() as talker:
        await talker.say("start_recording")
        await talker.send(speak(2, seed=8).pcm)
        # What is no recognition says so.
        assert (await talker.hear("error"))["code"] == "MOCK"
        await talker.hear("partial")
        await talker.say("stop_recording")
        assert (await talker.hear("recording_stopped"))["final_transcript"]
