"""One stream that goes well: what the server says arrives, in order and in session times."""

from __future__ import annotations

import asyncio

import pytest

from captioner.asr.events import Connected, Lost
from captioner.asr.replay import LostAudio
from captioner.asr.stream import StreamLimits
from captioner.core.audio import SAMPLE_RATE
from captioner.core.hypothesis import Word
from tests.asr.listening import CHUNK, Listener, chunks, feed, ramp, recogniser_for
from tests.support.clock import ManualClock
from tests.support.riva_server import ServedStream, final, partial, serve_riva
from tests.support.wait import until

SECOND = SAMPLE_RATE


async def test_partials_and_finals_arrive_in_order() -> None:
    async def handler(stream: ServedStream) -> None:
        await stream.hear(CHUNK)
        await stream.say(partial("the"))
        await stream.say()
        await stream.say(partial("the cat"))
        await stream.say(final("The cat."))
        await stream.say(partial(" sat"))
        await stream.hear_all()
        await stream.say(final(" Sat down."))

    async with serve_riva(handler) as server:
        recogniser = recogniser_for(server)
        feed(recogniser, 0, SECOND)
        async with Listener(recogniser) as listener:
            await listener.hears("sat")
            recogniser.finish()
            await listener.end()
    assert listener.texts == ["the", "the cat", "The cat.", "sat", "Sat down."]
    assert listener.finals == ["The cat.", "Sat down."]
    assert listener.events[0] == Connected(server.endpoint)
    assert server.streams[0].pcm == ramp(0, SECOND)


async def test_the_request_asks_for_what_the_options_say() -> None:
    async def handler(stream: ServedStream) -> None:
        await stream.hear_all()

    async with serve_riva(handler) as server:
        recogniser = recogniser_for(server)
        feed(recogniser, 0, CHUNK)
        recogniser.finish()
        async with Listener(recogniser) as listener:
            await listener.end()
    config = server.streams[0].config
    assert config is not None
    assert config.interim_results
    assert config.config.sample_rate_hertz == SAMPLE_RATE
    assert config.config.language_code == "en-US"
    assert config.config.audio_channel_count == 1
    assert config.config.enable_word_time_offsets
    assert config.config.enable_automatic_punctuation


async def test_several_results_of_one_response_are_one_reading() -> None:
    async def handler(stream: ServedStream) -> None:
        await stream.hear_all()
        await stream.say(partial(" good ", stability=0.9), partial("  morning", stability=0.1))
        await stream.say(final(" Good morning."), final(" Sir."), partial("", stability=0.1))
        await stream.say(final(" And"), partial(" then", stability=0.9))

    async with serve_riva(handler) as server:
        recogniser = recogniser_for(server)
        feed(recogniser, 0, CHUNK)
        recogniser.finish()
        async with Listener(recogniser) as listener:
            await listener.end()
    assert listener.texts == ["good morning", "Good morning.", "Sir.", "And", "then"]
    assert listener.finals == ["Good morning.", "Sir.", "And"]
    assert listener.heard[0].hypothesis.stable_chars == len("good")


async def test_an_empty_final_is_told_and_an_empty_partial_is_not() -> None:
    async def handler(stream: ServedStream) -> None:
        await stream.hear_all()
        await stream.say(partial("um"))
        await stream.say(partial(""))
        await stream.say(final(""))

    async with serve_riva(handler) as server:
        recogniser = recogniser_for(server)
        feed(recogniser, 0, CHUNK)
        recogniser.finish()
        async with Listener(recogniser) as listener:
            await listener.end()
    assert [(h.hypothesis.text, h.hypothesis.is_final) for h in listener.heard] == [
        ("um", False),
        ("", True),
    ]


async def test_control_characters_of_a_server_do_not_get_through() -> None:
    async def handler(stream: ServedStream) -> None:
        await stream.hear_all()
        await stream.say(
            final("\x1b[2Jred\x07 \x1b]0;title\x07 שלום 👩‍🚀\n\ttail", words=[("\x1b[1m", 0, 9)])
        )

    async with serve_riva(handler) as server:
        recogniser = recogniser_for(server)
        feed(recogniser, 0, CHUNK)
        recogniser.finish()
        async with Listener(recogniser) as listener:
            await listener.end()
    assert listener.texts == ["[2Jred ]0;title שלום 👩‍🚀 tail"]
    assert listener.heard[0].hypothesis.words[0].text == "[1m"


async def test_times_are_of_the_session_though_the_stream_began_later_and_audio_was_lost() -> None:
    """The session is at 10 s as the stream begins, and loses 3 s after its first second."""

    async def handler(stream: ServedStream) -> None:
        await stream.hear_all()
        words = [("one", 200, 600), ("two", 700, 1000), ("three", 1000, 1500)]
        await stream.say(final("One two three.", processed_s=2.0, words=words))

    async with serve_riva(handler) as server:
        recogniser = recogniser_for(server)
        feed(recogniser, 10 * SECOND, 11 * SECOND)
        for chunk in chunks(14 * SECOND, 15 * SECOND, lost_before=3 * SECOND):
            recogniser.feed(chunk, is_loud=True)
        recogniser.finish()
        async with Listener(recogniser) as listener:
            await listener.end()
    hypothesis = listener.heard[0].hypothesis
    assert hypothesis.words == (
        Word("one", 10_200, 10_600),
        Word("two", 10_700, 11_000),
        Word("three", 14_000, 14_500),
    )
    assert hypothesis.audio_processed_s == 15.0


async def test_a_server_that_tells_no_progress_is_taken_to_have_heard_what_was_sent() -> None:
    async def handler(stream: ServedStream) -> None:
        await stream.hear(SECOND)
        await stream.say(final("No times at all."))
        await stream.hear_all()

    async with serve_riva(handler) as server:
        recogniser = recogniser_for(server)
        feed(recogniser, 5 * SECOND, 6 * SECOND)
        async with Listener(recogniser) as listener:
            heard = await listener.hears("No times at all.")
            assert heard.hypothesis.audio_processed_s == 6.0
            assert recogniser.lag_s == 0.0
            recogniser.finish()
            await listener.end()


async def test_lag_follows_what_the_server_says_and_stays_through_empty_responses() -> None:
    async def handler(stream: ServedStream) -> None:
        await stream.hear(4 * SECOND)
        await stream.say(partial("slow", processed_s=1.0))
        await stream.hear(8 * SECOND)
        await stream.say()
        await stream.say(partial("slow here", processed_s=0.0))
        await stream.hear_all()

    async with serve_riva(handler) as server:
        recogniser = recogniser_for(server)
        feed(recogniser, 0, 4 * SECOND)
        async with Listener(recogniser) as listener:
            await listener.hears("slow")
            assert recogniser.lag_s == 3.0
            feed(recogniser, 4 * SECOND, 8 * SECOND)
            await listener.hears("slow here")
            assert recogniser.lag_s == 3.0
            recogniser.finish()
            await listener.end()


async def test_a_pause_after_speech_is_not_taken_for_speech_that_was_worked_through() -> None:
    async def handler(stream: ServedStream) -> None:
        await stream.hear(4 * SECOND)
        await stream.say(partial("slow", processed_s=1.0))
        await stream.hear(7 * SECOND)
        await stream.say(partial("slow here", processed_s=4.0))
        await stream.hear_all()

    async with serve_riva(handler) as server:
        recogniser = recogniser_for(server)
        feed(recogniser, 0, 4 * SECOND)
        async with Listener(recogniser) as listener:
            await listener.hears("slow")
            feed(recogniser, 4 * SECOND, 6 * SECOND, is_loud=False)
            assert recogniser.worked_until == SECOND
            feed(recogniser, 6 * SECOND, 7 * SECOND, is_loud=False)
            await listener.hears("slow here")
            assert recogniser.worked_until == 7 * SECOND
            recogniser.finish()
            await listener.end()


async def test_lost_audio_is_no_lag() -> None:
    async def handler(stream: ServedStream) -> None:
        await stream.hear(SECOND)
        await stream.say(partial("before", processed_s=1.0))
        await stream.hear_all()

    async with serve_riva(handler) as server:
        recogniser = recogniser_for(server)
        feed(recogniser, 0, SECOND)
        async with Listener(recogniser) as listener:
            await listener.hears("before")
            for chunk in chunks(61 * SECOND, 62 * SECOND, lost_before=60 * SECOND):
                recogniser.feed(chunk, is_loud=True)
            assert recogniser.lag_s == 1.0
            recogniser.finish()
            await listener.end()


async def test_processing_time_counts_from_the_moment_the_audio_was_heard() -> None:
    clock = ManualClock(start_s=500.0)

    async def handler(stream: ServedStream) -> None:
        await stream.hear_all()
        await stream.say(partial("now", processed_s=0.15))

    async with serve_riva(handler) as server:
        recogniser = recogniser_for(server, clock=clock)
        for chunk, moment in zip(chunks(0, 3 * CHUNK), (499.0, 499.25, 499.5), strict=True):
            recogniser.feed(type(chunk)(chunk.pcm, chunk.start, captured_at=moment), is_loud=True)
        recogniser.finish()
        async with Listener(recogniser) as listener:
            heard = await listener.hears("now")
            await listener.end()
    assert heard.processing_ms == pytest.approx(750.0)


async def test_the_last_words_after_the_end_of_the_audio_are_kept() -> None:
    async def handler(stream: ServedStream) -> None:
        await stream.hear(CHUNK)
        await stream.say(partial("almost"))
        await stream.hear_all()
        await stream.say(partial("almost there"))
        await stream.say(final("Almost there."))

    async with serve_riva(handler) as server:
        recogniser = recogniser_for(server)
        feed(recogniser, 0, CHUNK)
        async with Listener(recogniser) as listener:
            await listener.hears("almost")
            feed(recogniser, CHUNK, 2 * CHUNK)
            recogniser.finish()
            await listener.end()
    assert listener.finals == ["Almost there."]
    assert server.streams[0].half_closed
    assert server.streams[0].pcm == ramp(0, 2 * CHUNK)


async def test_last_words_that_do_not_come_end_the_wait_without_an_error() -> None:
    clock = ManualClock()
    forever = asyncio.Event()

    async def handler(stream: ServedStream) -> None:
        await stream.hear_all()
        await stream.say(partial("cut"))
        await forever.wait()

    async with serve_riva(handler) as server:
        limits = StreamLimits(connect_s=60.0, response_s=60.0, drain_s=3.0)
        recogniser = recogniser_for(server, clock=clock, limits=limits)
        feed(recogniser, 0, CHUNK)
        recogniser.finish()
        async with Listener(recogniser) as listener:
            await listener.hears("cut")
            await clock.advance(2.9)
            assert not listener.is_over
            await clock.advance(0.6)
            await listener.end()
    assert listener.texts == ["cut"]
    assert listener.interruptions == []


async def test_a_server_that_is_behind_has_as_much_longer_for_the_last_words() -> None:
    clock = ManualClock()
    is_read = asyncio.Event()

    async def handler(stream: ServedStream) -> None:
        await stream.hear(9 * SECOND)
        await stream.say(partial("slow", processed_s=1.0))
        await stream.hear_all()
        await is_read.wait()
        await stream.say(final("slow but whole", processed_s=9.0))

    async with serve_riva(handler) as server:
        limits = StreamLimits(connect_s=60.0, response_s=60.0, drain_s=3.0, ahead_s=60.0)
        recogniser = recogniser_for(server, clock=clock, limits=limits)
        feed(recogniser, 0, 9 * SECOND)
        async with Listener(recogniser) as listener:
            await listener.hears("slow")
            assert recogniser.extra_s == 8.0
            recogniser.finish()
            await until(lambda: server.streams[0].half_closed)
            await clock.advance(10.5)
            assert not listener.is_over
            is_read.set()
            await listener.end()
    assert listener.texts == ["slow", "slow but whole"]


async def test_speech_at_the_end_of_which_nothing_was_said_is_told_as_lost() -> None:
    clock = ManualClock()
    forever = asyncio.Event()

    async def handler(stream: ServedStream) -> None:
        await stream.hear(SECOND)
        await stream.say(partial("first", processed_s=1.0))
        await stream.hear_all()
        await forever.wait()

    async with serve_riva(handler) as server:
        limits = StreamLimits(connect_s=60.0, response_s=60.0, drain_s=3.0)
        recogniser = recogniser_for(server, clock=clock, limits=limits)
        feed(recogniser, 0, SECOND)
        async with Listener(recogniser) as listener:
            await listener.hears("first")
            feed(recogniser, SECOND, 3 * SECOND, is_loud=True)
            feed(recogniser, 3 * SECOND, 4 * SECOND, is_loud=False)
            recogniser.finish()
            await clock.advance_until(lambda: listener.is_over)
            await listener.end()
    assert Lost(LostAudio(SECOND, 3 * SECOND)) in listener.events


async def test_a_server_that_still_works_on_the_last_words_is_given_time() -> None:
    clock = ManualClock()
    tick = asyncio.Event()

    async def handler(stream: ServedStream) -> None:
        await stream.hear_all()
        for number in range(5):
            await tick.wait()
            tick.clear()
            await stream.say(partial(f"word {number}"))
        await stream.say(final("All words."))

    async with serve_riva(handler) as server:
        limits = StreamLimits(connect_s=60.0, response_s=60.0, drain_s=3.0)
        recogniser = recogniser_for(server, clock=clock, limits=limits)
        feed(recogniser, 0, CHUNK)
        recogniser.finish()
        async with Listener(recogniser) as listener:
            await until(lambda: server.streams and server.streams[0].half_closed)
            for number in range(5):
                await clock.advance(2.0)
                tick.set()
                await listener.hears(f"word {number}")
            await listener.end()
    assert listener.finals == ["All words."]
