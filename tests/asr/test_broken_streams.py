"""Streams that break: the next one hears what no final covers, no more and no less."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import grpc
import pytest
from pydantic import SecretStr

from captioner.asr.events import Lost
from captioner.asr.recogniser import Recogniser
from captioner.asr.replay import LostAudio
from captioner.asr.stream import StreamLimits
from captioner.core.audio import SAMPLE_RATE
from captioner.core.backoff import Backoff
from captioner.core.errors import (
    CaptionerError,
    CredentialsError,
    OverloadedError,
    ProtocolError,
    RequestError,
    UnavailableError,
)
from tests.asr.listening import CHUNK, Listener, chunks, feed, ramp, recogniser_for
from tests.support.clock import ManualClock
from tests.support.riva_server import ServedStream, final, partial, serve_riva
from tests.support.wait import until

SECOND = SAMPLE_RATE
Code = grpc.StatusCode


def at_ms(milliseconds: int) -> int:
    """Return the sample at a time."""
    return milliseconds * SAMPLE_RATE // 1000


async def test_a_stream_that_the_server_ends_is_replayed_from_the_end_of_the_last_final() -> None:
    """The last final ends at 1,234 ms, in the middle of a chunk."""

    async def handler(stream: ServedStream) -> None:
        if stream.number == 0:
            await stream.hear(2 * SECOND)
            await stream.say(final("First.", processed_s=1.5, words=[("First.", 300, 1234)]))
            await stream.say(partial("sec", processed_s=2.0))
            return
        await stream.hear_all()
        await stream.say(final("Second.", processed_s=2.5, words=[("Second.", 100, 900)]))

    async with serve_riva(handler) as server:
        recogniser = recogniser_for(server)
        feed(recogniser, 0, 2 * SECOND)
        async with Listener(recogniser) as listener:
            await until(lambda: listener.interruptions)
            feed(recogniser, 2 * SECOND, 3 * SECOND)
            recogniser.finish()
            await listener.end()
    first, second = server.streams
    assert first.pcm == ramp(0, 2 * SECOND)
    assert second.pcm == ramp(at_ms(1234), 3 * SECOND)
    assert listener.finals == ["First.", "Second."]
    assert listener.heard[-1].hypothesis.words[0].start_ms == 1234 + 100
    assert listener.interruptions[0].replays_all
    assert listener.connected == 2
    assert recogniser.reconnects == 1


@pytest.mark.parametrize("word_times", [True, False], ids=["word times", "progress only"])
async def test_nothing_is_heard_twice_over_many_breaks(*, word_times: bool) -> None:
    """Each stream settles a second, then half a second more that breaks off unfinished."""
    finals_at = [1000, 2003, 2950, 4100]

    async def handler(stream: ServedStream) -> None:
        number = stream.number
        begin_ms = 0 if number == 0 else finals_at[number - 1]
        if number == len(finals_at):
            await stream.hear_all()
            return
        end_ms = finals_at[number] - begin_ms
        await stream.hear(at_ms(end_ms) + CHUNK)
        words = [("word", 0, end_ms)] if word_times else []
        await stream.say(final(f"Final {number}.", processed_s=end_ms / 1000, words=words))
        await stream.abort(Code.UNAVAILABLE)

    async with serve_riva(handler) as server:
        recogniser = recogniser_for(server)
        feed(recogniser, 0, 6 * SECOND)
        recogniser.finish()
        async with Listener(recogniser) as listener:
            await listener.end()
    assert len(server.streams) == 5
    for stream, begin_ms in zip(server.streams, [0, *finals_at], strict=True):
        assert stream.pcm == ramp(at_ms(begin_ms), at_ms(begin_ms) + stream.heard_samples)
    assert server.streams[-1].pcm == ramp(at_ms(4100), 6 * SECOND)
    assert listener.finals == [f"Final {number}." for number in range(4)]


async def test_a_final_without_any_times_covers_what_was_sent() -> None:
    async def handler(stream: ServedStream) -> None:
        if stream.number == 0:
            await stream.hear(SECOND)
            await stream.say(final("Timeless."))
            await stream.abort(Code.INTERNAL)
        await stream.hear_all()

    async with serve_riva(handler) as server:
        recogniser = recogniser_for(server)
        feed(recogniser, 0, SECOND)
        async with Listener(recogniser) as listener:
            await until(lambda: listener.interruptions)
            feed(recogniser, SECOND, 2 * SECOND)
            recogniser.finish()
            await listener.end()
    assert server.streams[1].pcm == ramp(SECOND, 2 * SECOND)


async def test_what_was_settled_by_the_transcript_is_not_said_again() -> None:
    """A second of it is heard again, because the last word may have been cut short."""

    async def handler(stream: ServedStream) -> None:
        if stream.number == 0:
            await stream.hear(2 * SECOND)
            await stream.say(partial("never final", processed_s=2.0))
            await stream.hear(3 * SECOND)
            await stream.abort(Code.UNAVAILABLE)
        await stream.hear_all()
        await stream.say(final("Final. And more.", processed_s=stream.heard_s))

    async with serve_riva(handler) as server:
        recogniser = recogniser_for(server)
        feed(recogniser, 0, 2 * SECOND)
        async with Listener(recogniser) as listener:
            await listener.hears("never final")
            recogniser.settle("never final", 2000)
            feed(recogniser, 2 * SECOND, 3 * SECOND)
            recogniser.finish()
            await listener.end()
    assert server.streams[1].pcm == ramp(SECOND, 3 * SECOND)
    assert listener.finals == ["And more."]


async def test_a_stream_that_ends_early_after_the_audio_did_is_not_the_end() -> None:
    """A file has been read to its end long before the server has heard it."""

    async def handler(stream: ServedStream) -> None:
        if stream.number == 0:
            await stream.hear(2 * SECOND)
            await stream.say(final("Begin.", processed_s=2.0))
            return
        await stream.hear_all()
        await stream.say(final("End."))

    async with serve_riva(handler) as server:
        recogniser = recogniser_for(server)
        # More than one stream's window of flow control would take without being read.
        feed(recogniser, 0, 25 * SECOND)
        recogniser.finish()
        async with Listener(recogniser) as listener:
            await listener.end()
    assert listener.finals == ["Begin.", "End."]
    assert server.streams[1].pcm == ramp(2 * SECOND, 25 * SECOND)
    (broken,) = listener.interruptions
    assert "ended the stream by itself" in broken.error.message


@pytest.mark.parametrize(
    "code",
    [
        Code.UNAVAILABLE,
        Code.INTERNAL,
        Code.ABORTED,
        Code.UNKNOWN,
        Code.DEADLINE_EXCEEDED,
        Code.CANCELLED,
        Code.DATA_LOSS,
    ],
)
async def test_passing_faults_are_tried_again(code: grpc.StatusCode) -> None:
    async def handler(stream: ServedStream) -> None:
        if stream.number < 2:
            await stream.hear(CHUNK)
            await stream.abort(code, "not now")
        await stream.hear_all()
        await stream.say(final("Done."))

    async with serve_riva(handler) as server:
        recogniser = recogniser_for(server)
        feed(recogniser, 0, SECOND)
        recogniser.finish()
        async with Listener(recogniser) as listener:
            await listener.end()
    assert listener.finals == ["Done."]
    assert [type(broken.error) for broken in listener.interruptions] == [UnavailableError] * 2
    assert [broken.error.code for broken in listener.interruptions] == [code.name] * 2
    assert all(stream.pcm == ramp(0, stream.heard_samples) for stream in server.streams)
    assert server.streams[2].pcm == ramp(0, SECOND)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (Code.UNAUTHENTICATED, CredentialsError),
        (Code.PERMISSION_DENIED, CredentialsError),
        (Code.INVALID_ARGUMENT, RequestError),
        (Code.NOT_FOUND, RequestError),
        (Code.UNIMPLEMENTED, ProtocolError),
    ],
)
async def test_lasting_faults_are_raised_at_once(
    code: grpc.StatusCode, expected: type[CaptionerError]
) -> None:
    async def handler(stream: ServedStream) -> None:
        await stream.hear(CHUNK)
        await stream.abort(code, "said the server")

    async with serve_riva(handler) as server:
        recogniser = recogniser_for(replace(server.endpoint, token=SecretStr("any")))
        # So much waits to be sent that the call ends in the middle of a write.
        feed(recogniser, 0, 20 * SECOND)
        async with Listener(recogniser) as listener:
            error = await listener.error()
    assert type(error) is expected
    assert "said the server" in error.message
    assert error.hint
    assert error.code == code.name
    assert len(server.streams) == 1
    assert listener.interruptions == []


async def test_a_full_server_is_tried_again_slowly() -> None:
    clock = ManualClock()

    async def handler(stream: ServedStream) -> None:
        if stream.number == 0:
            await stream.abort(Code.RESOURCE_EXHAUSTED, "64 streams are open")
        await stream.hear_all()
        await stream.say(final("At last."))

    async with serve_riva(handler) as server:
        limits = StreamLimits(connect_s=60.0, response_s=60.0, drain_s=60.0)
        recogniser = recogniser_for(server, clock=clock, limits=limits)
        feed(recogniser, 0, SECOND)
        recogniser.finish()
        async with Listener(recogniser) as listener:
            await until(lambda: listener.interruptions)
            assert isinstance(listener.interruptions[0].error, OverloadedError)
            assert listener.interruptions[0].retry_in_s >= 2.0
            await clock.advance(1.9)
            assert len(server.streams) == 1
            await clock.advance(1.0)
            await listener.end()
    assert listener.finals == ["At last."]


async def test_it_gives_up_after_the_tries_it_may_have() -> None:
    async def handler(stream: ServedStream) -> None:
        await stream.abort(Code.UNAVAILABLE, "never")

    async with serve_riva(handler) as server:
        recogniser = recogniser_for(server, max_retries=3)
        feed(recogniser, 0, CHUNK)
        async with Listener(recogniser) as listener:
            error = await listener.error()
    assert isinstance(error, UnavailableError)
    assert len(server.streams) == 4


async def test_a_final_gives_all_tries_back_and_a_mere_answer_does_not() -> None:
    async def handler(stream: ServedStream) -> None:
        await stream.hear(CHUNK)
        if stream.number in {2, 4}:
            await stream.say(final("One.", processed_s=0.01, words=[("One.", 0, 10)]))
        if stream.number >= 5:
            await stream.say(partial("two"))
        await stream.abort(Code.UNAVAILABLE)

    async with serve_riva(handler) as server:
        recogniser = recogniser_for(server, max_retries=3)
        feed(recogniser, 0, SECOND)
        async with Listener(recogniser) as listener:
            error = await listener.error()
    assert isinstance(error, UnavailableError)
    assert len(listener.interruptions) == 4 + 3


async def test_delays_grow_while_nothing_answers() -> None:
    async def handler(stream: ServedStream) -> None:
        await stream.abort(Code.UNAVAILABLE)

    class Longest(random.Random):
        def uniform(self, _low: float, high: float) -> float:
            return high

    clock = ManualClock()
    async with serve_riva(handler) as server:
        backoff = Backoff(base_s=1.0, cap_s=5.0, rng=Longest())
        recogniser = recogniser_for(server, clock=clock, backoff=backoff)
        feed(recogniser, 0, CHUNK)
        async with Listener(recogniser) as listener:
            for tries in range(1, 6):
                await until(lambda tries=tries: len(listener.interruptions) == tries)
                await clock.advance(listener.interruptions[-1].retry_in_s)
    delays = [broken.retry_in_s for broken in listener.interruptions[:5]]
    assert delays == [1.0, 2.0, 4.0, 5.0, 5.0]


async def test_a_server_that_dies_and_comes_back_on_its_port() -> None:
    async def handler(stream: ServedStream) -> None:
        if stream.number == 0:
            await stream.hear(SECOND)
            await stream.say(final("Before.", processed_s=1.0))
            await stream.say(partial("dur", processed_s=1.0))
        await stream.hear_all()
        await stream.say(final("After."))

    async with serve_riva(handler) as server:
        recogniser = recogniser_for(server)
        feed(recogniser, 0, SECOND)
        async with Listener(recogniser) as listener:
            await listener.hears("dur")
            await server.stop()
            await until(lambda: len(listener.interruptions) >= 3)
            feed(recogniser, SECOND, 2 * SECOND)
            await server.start()
            recogniser.finish()
            await listener.end()
    assert listener.finals == ["Before.", "After."]
    assert server.streams[-1].pcm == ramp(SECOND, 2 * SECOND)


async def test_speech_from_before_the_stream_stood_needs_an_answer_too() -> None:
    clock = ManualClock()

    async def handler(stream: ServedStream) -> None:
        await stream.hear_all()

    async with serve_riva(handler) as server:
        limits = StreamLimits(connect_s=60.0, response_s=10.0, drain_s=60.0)
        recogniser = recogniser_for(server, clock=clock, limits=limits)
        feed(recogniser, 0, CHUNK)
        feed(recogniser, CHUNK, 2 * CHUNK, is_loud=False)
        async with Listener(recogniser) as listener:
            await until(lambda: server.streams and server.streams[0].heard_samples == 2 * CHUNK)
            await clock.advance(12.0)
            await until(lambda: listener.interruptions)
            assert "has not answered for 10 seconds" in listener.interruptions[0].error.message
            recogniser.finish()
            await clock.advance(70.0)


async def test_speech_without_an_answer_breaks_the_stream() -> None:
    clock = ManualClock()

    async def handler(stream: ServedStream) -> None:
        if stream.number == 0:
            await stream.hear(CHUNK)
            await stream.say()
        await stream.hear_all()

    async with serve_riva(handler) as server:
        limits = StreamLimits(connect_s=60.0, response_s=10.0, drain_s=60.0)
        recogniser = recogniser_for(server, clock=clock, limits=limits)
        async with Listener(recogniser) as listener:
            feed(recogniser, 0, CHUNK, is_loud=False)
            await until(lambda: recogniser.lag_s == 0.0 and listener.connected)
            await clock.advance(30.0)
            assert listener.interruptions == [], "silence needs no answer"
            feed(recogniser, CHUNK, 2 * CHUNK)
            await until(lambda: server.streams[0].heard_samples == 2 * CHUNK)
            await clock.advance(9.5)
            assert listener.interruptions == []
            await clock.advance(2.0)
            await until(lambda: listener.interruptions)
            error = listener.interruptions[0].error
            assert isinstance(error, UnavailableError)
            assert "has not answered for 10 seconds" in error.message
            await clock.advance(1.0)
            recogniser.finish()
            await listener.end()
    assert server.streams[1].pcm == ramp(0, 2 * CHUNK)


async def test_any_answer_quiets_the_watchdog() -> None:
    clock = ManualClock()
    answer = asyncio.Event()

    async def handler(stream: ServedStream) -> None:
        await stream.hear(CHUNK)
        await answer.wait()
        await stream.say()
        await stream.hear_all()

    async with serve_riva(handler) as server:
        limits = StreamLimits(connect_s=60.0, response_s=10.0, drain_s=60.0)
        recogniser = recogniser_for(server, clock=clock, limits=limits)
        async with Listener(recogniser) as listener:
            await until(lambda: listener.connected)
            feed(recogniser, 0, CHUNK)
            await until(lambda: server.streams and server.streams[0].chunks)
            await clock.advance(9.0)
            answer.set()
            await until(lambda: recogniser.lag_s == 0.0)
            await clock.advance(9.0)
            assert listener.interruptions == []
            recogniser.finish()
            await listener.end()


async def test_audio_that_is_no_longer_held_is_reported_lost() -> None:
    """The stream breaks 40 s into an utterance; 30 s are held."""

    async def handler(stream: ServedStream) -> None:
        if stream.number == 0:
            await stream.hear(40 * SECOND)
            await stream.say(partial("a very long sentence", processed_s=20.0))
            await stream.abort(Code.UNAVAILABLE)
        await stream.hear_all()

    async with serve_riva(handler) as server:
        recogniser = recogniser_for(server)
        async with Listener(recogniser) as listener:
            for second in range(40):
                feed(recogniser, second * SECOND, (second + 1) * SECOND)
                await until(
                    lambda second=second: (
                        server.streams and server.streams[0].heard_samples == (second + 1) * SECOND
                    )
                )
            await until(lambda: listener.interruptions)
            recogniser.finish()
            await listener.end()
    assert not listener.interruptions[0].replays_all
    assert Lost(LostAudio(0, 10 * SECOND)) in listener.events
    assert server.streams[1].pcm == ramp(10 * SECOND, 40 * SECOND)


@pytest.mark.parametrize("is_away", [True, False], ids=["dropped unheard", "not replayed"])
async def test_silence_that_is_not_held_any_more_is_no_loss(*, is_away: bool) -> None:
    """A room in which nobody speaks for longer than the replay, and a server that goes away."""

    async def handler(stream: ServedStream) -> None:
        if stream.number == 0:
            await stream.hear(SECOND)
            await stream.say(final("One.", processed_s=1.0))
            await stream.hear(0 if is_away else 40 * SECOND)
            await stream.abort(Code.UNAVAILABLE)
        await stream.hear_all()

    def fed(start: int, end: int) -> list[LostAudio | None]:
        return [recogniser.feed(chunk, is_loud=False) for chunk in chunks(start, end)]

    async with serve_riva(handler) as server:
        backoff = Backoff(base_s=60.0, cap_s=60.0) if is_away else Backoff(base_s=0.02, cap_s=0.05)
        recogniser = recogniser_for(server, backoff=backoff)
        feed(recogniser, 0, SECOND)
        async with Listener(recogniser) as listener:
            await listener.hears("One.")
            if is_away:
                await until(lambda: listener.interruptions)
                assert not any(fed(SECOND, 60 * SECOND))
                return
            for second in range(1, 40):
                assert not any(fed(second * SECOND, (second + 1) * SECOND))
                heard = (second + 1) * SECOND
                await until(lambda heard=heard: server.streams[0].heard_samples == heard)
            await until(lambda: listener.interruptions)
            recogniser.finish()
            await listener.end()
    assert not any(isinstance(event, Lost) for event in listener.events)


async def test_cancelling_at_any_moment_leaves_nothing_behind() -> None:
    """Each round is cancelled a little later; `no_task_left` looks at what remains."""
    reached: set[str] = set()

    async def handler(stream: ServedStream) -> None:
        await stream.hear(CHUNK)
        await stream.say(partial("one"))
        if stream.number % 2:
            await stream.abort(Code.UNAVAILABLE)
        await stream.hear_all()
        await stream.say(final("One."))

    async with serve_riva(handler) as server:
        for turns in [*range(40), *range(40, 400, 15)]:
            recogniser = recogniser_for(server)
            feed(recogniser, 0, SECOND)
            if turns % 3:
                recogniser.finish()
            async with Listener(recogniser) as listener:
                for _ in range(turns):
                    await asyncio.sleep(0)
            reached.update(type(event).__name__ for event in listener.events)
            names = {task.get_name() for task in asyncio.all_tasks()}
            assert not names & {"asr-writer", "asr-watchdog", "test-listener"}


async def test_cancelling_during_the_wait_for_another_try() -> None:
    async def handler(stream: ServedStream) -> None:
        await stream.abort(Code.UNAVAILABLE)

    clock = ManualClock()
    async with serve_riva(handler) as server:
        recogniser = recogniser_for(server, clock=clock)
        async with Listener(recogniser) as listener:
            await until(lambda: listener.interruptions)
    assert listener.is_over


async def _read_file(recogniser: Recogniser, end: int) -> float:
    """Feed as fast as there is room; return the most seconds that were ahead of the server."""
    most = 0.0
    for begin in range(0, end, CHUNK):
        feed(recogniser, begin, begin + CHUNK)
        most = max(most, recogniser.lag_s)
        await recogniser.room()
    recogniser.finish()
    return most


@pytest.mark.parametrize("tells_progress", [True, False], ids=["progress", "empty responses"])
async def test_a_file_is_read_at_the_server_s_pace_and_nothing_is_lost(
    *, tells_progress: bool
) -> None:
    ahead: list[float] = []

    async def handler(stream: ServedStream) -> None:
        async for _ in stream.audio():
            ahead.append(recogniser.lag_s)
            if len(stream.chunks) % 5 == 0:
                # An answer for each half second, as a real server gives one a chunk.
                progress = partial("on and on", processed_s=stream.heard_s)
                await stream.say(*([progress] if tells_progress else []))
        await stream.say(final("All of it."))

    async with serve_riva(handler) as server:
        recogniser = recogniser_for(server, limits=StreamLimits(ahead_s=10.0))
        async with Listener(recogniser) as listener:
            await asyncio.wait_for(_read_file(recogniser, 120 * SECOND), 20.0)
            await listener.end()
    assert server.streams[0].pcm == ramp(0, 120 * SECOND)
    assert listener.finals == ["All of it."]
    assert max(ahead) < 21.0


async def test_a_server_that_says_nothing_is_fed_on_in_real_time() -> None:
    clock = ManualClock()

    async def handler(stream: ServedStream) -> None:
        await stream.hear_all()
        await stream.say(final("At the very end."))

    async with serve_riva(handler) as server:
        limits = StreamLimits(connect_s=60.0, response_s=600.0, drain_s=60.0, ahead_s=10.0)
        recogniser = recogniser_for(server, limits=limits, clock=clock)
        async with Listener(recogniser) as listener:
            reading = asyncio.create_task(_read_file(recogniser, 21 * SECOND))
            await until(lambda: server.streams and server.streams[0].heard_s == 10.0)
            begun = clock.now()
            await clock.advance_until(reading.done)
            await clock.advance_until(lambda: listener.is_over)
            assert 10.0 < clock.now() - begun < 15.0
    assert server.streams[0].pcm == ramp(0, 21 * SECOND)
    assert listener.finals == ["At the very end."]


async def test_reading_waits_while_there_is_no_server() -> None:
    async def handler(stream: ServedStream) -> None:
        await stream.hear_all()

    async with serve_riva(handler) as server:
        await server.stop()
        recogniser = recogniser_for(server)
        async with Listener(recogniser) as listener:
            reading = asyncio.create_task(_read_file(recogniser, 60 * SECOND))
            await until(lambda: len(listener.interruptions) >= 10)
            assert not reading.done()
            assert recogniser.lag_s < 11.0
            await server.start()
            reading.cancel()
            await asyncio.wait({reading})
            recogniser.finish()
            await listener.end()
    heard = server.streams[0]
    assert heard.pcm == ramp(0, heard.heard_samples)
    assert heard.heard_s > 9.0
