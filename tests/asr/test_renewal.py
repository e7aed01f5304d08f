"""Streams that are left on purpose: renewed between utterances, parked without audio, skipped."""

from __future__ import annotations

import asyncio

import pytest

from captioner.asr.events import Parked
from captioner.asr.replay import LostAudio
from captioner.asr.stream import StreamLimits
from captioner.core.audio import SAMPLE_RATE
from captioner.core.errors import UnavailableError
from captioner.riva.options import RecognitionOptions
from tests.asr.listening import CHUNK, Listener, feed, ramp, recogniser_for
from tests.support.clock import ManualClock
from tests.support.riva_server import RivaServer, ServedStream, final, partial, serve_riva
from tests.support.wait import until

SECOND = SAMPLE_RATE
PATIENT = StreamLimits(connect_s=60.0, response_s=600.0, drain_s=60.0, idle_s=600.0, ahead_s=60.0)


async def heard_by(server: RivaServer, stream: int, samples: int) -> None:
    await until(
        lambda: len(server.streams) > stream and server.streams[stream].heard_samples >= samples
    )


async def hear_all(stream: ServedStream) -> None:
    """Serve a stream that is heard to its end and never answered."""
    await stream.hear_all()


async def test_a_stream_is_renewed_in_the_pause_after_a_final_and_nothing_is_lost() -> None:
    go_on = asyncio.Event()

    async def handler(stream: ServedStream) -> None:
        if stream.number == 0:
            await stream.hear(SECOND)
            await stream.say(partial("the", processed_s=1.0))
            await go_on.wait()
            await stream.say(final("The end.", processed_s=1.5, words=[("end.", 200, 1500)]))
        await stream.hear_all()
        await stream.say(final("Another.", processed_s=stream.heard_s))

    async with serve_riva(handler) as server:
        clock = ManualClock()
        recogniser = recogniser_for(server, clock=clock, limits=PATIENT)
        feed(recogniser, 0, 2 * SECOND)
        async with Listener(recogniser) as listener:
            await listener.hears("the")
            recogniser.renew()
            await clock.advance(5.0)
            assert len(server.streams) == 1, "it was left in the middle of an utterance"
            go_on.set()
            await until(lambda: listener.connected == 2)
            recogniser.finish()
            await listener.end()
    assert listener.finals == ["The end.", "Another."]
    assert listener.interruptions == [], "a renewal is no interruption"
    assert server.streams[1].pcm == ramp(24_000, 2 * SECOND)


async def test_an_utterance_that_does_not_end_is_left_at_last_and_heard_again() -> None:
    async def handler(stream: ServedStream) -> None:
        await stream.hear(SECOND)
        await stream.say(partial("on and on", processed_s=1.0))
        await stream.hear_all()
        await stream.say(final("On and on.", processed_s=stream.heard_s))

    async with serve_riva(handler) as server:
        clock = ManualClock()
        recogniser = recogniser_for(server, clock=clock, limits=PATIENT)
        feed(recogniser, 0, 2 * SECOND)
        async with Listener(recogniser) as listener:
            await listener.hears("on and on")
            recogniser.renew()
            await clock.advance(14.0)
            assert len(server.streams) == 1
            await clock.advance(2.0)
            await heard_by(server, 1, 2 * SECOND)
            recogniser.finish()
            await listener.end()
    assert server.streams[1].pcm == ramp(0, 2 * SECOND)
    assert listener.finals == ["On and on."]


async def test_a_quiet_stream_is_renewed_at_once() -> None:
    async with serve_riva(hear_all) as server:
        clock = ManualClock()
        recogniser = recogniser_for(server, clock=clock, limits=PATIENT)
        feed(recogniser, 0, SECOND)
        async with Listener(recogniser) as listener:
            await heard_by(server, 0, SECOND)
            recogniser.renew()
            await clock.advance(0.5)
            await heard_by(server, 1, SECOND)
            recogniser.finish()
            await listener.end()


async def test_an_old_stream_gives_way_to_a_new_one() -> None:
    async with serve_riva(hear_all) as server:
        clock = ManualClock()
        recogniser = recogniser_for(server, clock=clock, limits=PATIENT, rotate_after_s=300.0)
        feed(recogniser, 0, SECOND)
        async with Listener(recogniser) as listener:
            await heard_by(server, 0, SECOND)
            await clock.advance(299.0)
            assert len(server.streams) == 1
            await clock.advance(2.0)
            await heard_by(server, 1, SECOND)
            recogniser.finish()
            await listener.end()
    assert recogniser.reconnects == 0


async def test_other_options_are_asked_of_the_next_stream() -> None:
    async with serve_riva(hear_all) as server:
        clock = ManualClock()
        recogniser = recogniser_for(server, clock=clock, limits=PATIENT)
        feed(recogniser, 0, SECOND)
        async with Listener(recogniser) as listener:
            await heard_by(server, 0, SECOND)
            recogniser.configure(RecognitionOptions())
            await clock.advance(1.0)
            assert len(server.streams) == 1, "nothing is different"
            recogniser.configure(RecognitionOptions(language="de-DE"))
            await clock.advance(1.0)
            await heard_by(server, 1, SECOND)
            recogniser.finish()
            await listener.end()
    config = server.streams[1].config
    assert config is not None
    assert config.config.language_code == "de-DE"


async def test_without_audio_the_stream_is_half_closed_and_opened_again_for_new_audio() -> None:
    async def handler(stream: ServedStream) -> None:
        await stream.hear_all()
        await stream.say(final(f"Final {stream.number}.", processed_s=stream.heard_s))

    async with serve_riva(handler) as server:
        clock = ManualClock()
        limits = StreamLimits(connect_s=60.0, response_s=600.0, drain_s=60.0, idle_s=30.0)
        recogniser = recogniser_for(server, clock=clock, limits=limits)
        feed(recogniser, 0, SECOND)
        async with Listener(recogniser) as listener:
            await heard_by(server, 0, SECOND)
            await clock.advance(29.0)
            assert not server.streams[0].half_closed
            await clock.advance(2.0)
            await until(lambda: Parked() in listener.events)
            await clock.advance(600.0)
            assert len(server.streams) == 1, "no stream is held open for nothing"
            feed(recogniser, SECOND, 2 * SECOND)
            await heard_by(server, 1, SECOND)
            recogniser.finish()
            await listener.end()
    assert server.streams[1].pcm == ramp(SECOND, 2 * SECOND)
    assert listener.finals == ["Final 0.", "Final 1."]
    assert listener.interruptions == []


async def test_audio_that_ends_while_parked_opens_no_stream() -> None:
    async with serve_riva(hear_all) as server:
        clock = ManualClock()
        limits = StreamLimits(connect_s=60.0, response_s=600.0, drain_s=60.0, idle_s=1.0)
        recogniser = recogniser_for(server, clock=clock, limits=limits)
        feed(recogniser, 0, CHUNK)
        async with Listener(recogniser) as listener:
            await heard_by(server, 0, CHUNK)
            await clock.advance(2.0)
            await until(lambda: Parked() in listener.events)
            recogniser.finish()
            await listener.end()
    assert len(server.streams) == 1


async def test_skipped_audio_is_not_heard_again_and_what_nobody_heard_is_told() -> None:
    async with serve_riva(hear_all) as server:
        clock = ManualClock()
        limits = StreamLimits(connect_s=60.0, response_s=600.0, drain_s=60.0, ahead_s=1.0)
        recogniser = recogniser_for(server, clock=clock, limits=limits)
        feed(recogniser, 0, 3 * SECOND)
        async with Listener(recogniser) as listener:
            await heard_by(server, 0, SECOND)
            assert recogniser.skip() == LostAudio(SECOND, 3 * SECOND)
            assert recogniser.skip() is None
            feed(recogniser, 5 * SECOND, 6 * SECOND)
            await clock.advance(0.5)
            await heard_by(server, 1, SECOND)
            recogniser.finish()
            await listener.end()
    assert server.streams[1].pcm == ramp(5 * SECOND, 6 * SECOND)


async def test_a_server_is_sent_little_more_than_it_has_worked_through() -> None:
    """It reads everything at once, but says that it has worked through one second."""

    async def handler(stream: ServedStream) -> None:
        await stream.hear(SECOND)
        await stream.say(partial("slow", processed_s=1.0))
        await stream.hear(10 * SECOND)
        await stream.say(partial("slow here", processed_s=4.0))
        await stream.hear_all()

    async with serve_riva(handler) as server:
        clock = ManualClock()
        limits = StreamLimits(connect_s=60.0, response_s=600.0, drain_s=60.0, ahead_s=5.0)
        recogniser = recogniser_for(server, clock=clock, limits=limits)
        feed(recogniser, 0, 20 * SECOND)
        async with Listener(recogniser) as listener:
            await heard_by(server, 0, 6 * SECOND)
            await asyncio.sleep(0.05)
            assert server.streams[0].heard_samples == 6 * SECOND
            await clock.advance_until(lambda: server.streams[0].heard_samples >= 10 * SECOND)
            await listener.hears("slow here")
            assert recogniser.lag_s == pytest.approx(16.0)
    assert server.streams[0].heard_samples == 10 * SECOND


async def test_a_server_that_takes_no_audio_is_left() -> None:
    forever = asyncio.Event()

    async def handler(stream: ServedStream) -> None:
        if stream.number == 0:
            await forever.wait()
        await stream.hear_all()

    async with serve_riva(handler) as server:
        clock = ManualClock()
        # More is on its way than the window of flow control takes, which is 4 MiB.
        limits = StreamLimits(connect_s=60.0, response_s=15.0, drain_s=60.0, ahead_s=900.0)
        recogniser = recogniser_for(server, clock=clock, limits=limits, replay_s=900.0)
        feed(recogniser, 0, 300 * SECOND, is_loud=False)
        async with Listener(recogniser) as listener:
            await clock.advance_until(lambda: listener.interruptions)
            await clock.advance_until(lambda: listener.connected == 2)
    error = listener.interruptions[0].error
    assert isinstance(error, UnavailableError)
    assert "has taken no audio for 15 seconds" in error.message
