"""A caption session with a scripted source and a real server: states, words, times, ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest

from captioner.core.audio import SAMPLE_RATE, SourceLost
from captioner.core.errors import (
    AudioDeviceError,
    CredentialsError,
    InputFileError,
    UnavailableError,
)
from captioner.core.events import (
    CaptionChanged,
    EngineChanged,
    HealthChanged,
    LevelChanged,
    SessionEvent,
    SourceChanged,
)
from captioner.core.health import HealthState
from captioner.core.state import SessionState
from captioner.session.controller import CaptionSession
from captioner.settings.endpoints import ConnectionSettings, EndpointSettings
from captioner.settings.models import CaptionSettings, Settings
from tests.support.clock import ManualClock
from tests.support.riva_server import RivaServer, ServedStream, final, partial, serve_riva
from tests.support.scripted_source import ScriptedOpener, ScriptedSource, tone
from tests.support.wait import until
from tests.support.watcher import Watcher

S = SessionState


def settings_for(server: RivaServer, **connection: Any) -> Settings:  # noqa: ANN401 - fields of `ConnectionSettings`
    options = {
        "connect_timeout_s": 5.0,
        "response_timeout_s": 30.0,
        "drain_timeout_s": 5.0,
        "retry_delay_s": 0.02,
        "embedded_fallback": False,
    } | connection
    return Settings(
        endpoints=(EndpointSettings(host="127.0.0.1", port=server.port),),
        connection=ConnectionSettings(**options),
        captions=CaptionSettings(quiet_gap_s=5.0),
    )


@asynccontextmanager
async def running(
    server: RivaServer,
    *sources: ScriptedSource,
    connection: dict[str, Any] | None = None,
    **options: Any,  # noqa: ANN401 - those of `CaptionSession`
) -> AsyncIterator[Watcher]:
    """Start a session that hears ``sources``, and close it at the end."""
    session = CaptionSession(
        settings_for(server, **(connection or {})),
        opener=ScriptedOpener(*sources),
        **options,
    )
    watcher = Watcher(session)
    await session.start()
    try:
        yield watcher
    finally:
        await session.close()


async def echo_progress(stream: ServedStream) -> None:
    """Answer each message with a partial that says how many there were, and end with a final."""
    async for _ in stream.audio():
        await stream.say(partial(f"chunk {len(stream.chunks)}", processed_s=stream.heard_s))
    await stream.say(final(f"All {len(stream.chunks)} chunks.", processed_s=stream.heard_s))


async def test_a_file_from_start_to_end() -> None:
    source = ScriptedSource("file", "talk.wav")
    async with serve_riva(echo_progress) as server, running(server, source) as watcher:
        await watcher.reaches(S.STREAMING)
        source.speak(0.5)
        source.end()
        await watcher.session.wait()
        assert watcher.states == [S.STARTING, S.STREAMING, S.STOPPING, S.IDLE]
        assert watcher.finals == ["All 5 chunks."]
        kinds = [type(event) for event in watcher.events]
        assert kinds.index(SourceChanged) < kinds.index(CaptionChanged)
        assert kinds.index(EngineChanged) < kinds.index(CaptionChanged)
        assert SourceChanged("file", "talk.wav") in watcher.events
        assert EngineChanged(f"127.0.0.1:{server.port}") in watcher.events
        assert server.streams[0].pcm == tone(0, SAMPLE_RATE // 2)
        assert source.closed
        assert watcher.session.health.state is HealthState.STOPPED


async def test_a_file_that_ends_before_the_server_is_there() -> None:
    source = ScriptedSource("file", "short.wav")
    source.speak(0.3)
    source.end()
    async with serve_riva(echo_progress) as server, running(server, source) as watcher:
        await watcher.session.wait()
        assert watcher.finals == ["All 3 chunks."]
        assert watcher.states[-2:] == [S.STOPPING, S.IDLE]


async def test_stop_keeps_the_last_words() -> None:
    async def handler(stream: ServedStream) -> None:
        await stream.hear(1600)
        await stream.say(partial("almost", processed_s=0.1))
        await stream.hear_all()
        await stream.say(final("Almost there.", processed_s=stream.heard_s))

    source = ScriptedSource()
    source.speak(0.1)
    async with serve_riva(handler) as server, running(server, source) as watcher:
        await watcher.shows("almost")
        source.speak(0.7)
        await watcher.session.stop()
        assert watcher.session.state is S.IDLE
        assert watcher.finals == ["Almost there."]
        assert server.streams[0].pcm == tone(0, 8 * 1600), "what the source still held is sent"
        assert server.streams[0].half_closed
        await watcher.session.stop()


async def test_stop_makes_a_caption_final_that_the_server_leaves_open() -> None:
    gone = asyncio.Event()

    async def handler(stream: ServedStream) -> None:
        await stream.hear(1600)
        await stream.say(partial("left open", processed_s=0.1))
        await gone.wait()

    source = ScriptedSource()
    source.speak(0.1)
    short = {"drain_timeout_s": 0.2}
    async with (
        serve_riva(handler) as server,
        running(server, source, connection=short) as watcher,
    ):
        await watcher.shows("left open")
        await watcher.session.stop()
        assert watcher.finals == ["left open"]
        assert watcher.captions[-1].promoted
        assert watcher.session.error is None
        assert watcher.session.state is S.IDLE


async def test_stop_before_anything_stands() -> None:
    async with (
        serve_riva(echo_progress) as server,
        running(server, ScriptedSource()) as watcher,
    ):
        await watcher.session.stop()
        assert watcher.states == [S.STARTING, S.STOPPING, S.IDLE]


async def test_another_source_goes_on_where_the_first_ended() -> None:
    first = ScriptedSource("microphone", "Mic")
    second = ScriptedSource("system", "Speakers")
    async with serve_riva(echo_progress) as server, running(server, first, second) as watcher:
        first.speak(0.3)
        await watcher.shows("chunk 3")
        await watcher.session.set_source("system", "Speakers")
        assert first.closed
        second.speak(0.2)
        await watcher.shows("chunk 5")
        assert watcher.session.state is S.STREAMING
        assert watcher.states == [S.STARTING, S.STREAMING], "no reconnection is needed for that"
        assert len(server.streams) == 1
        assert server.streams[0].pcm == tone(0, 4800) + tone(0, 3200)
        changes = [event for event in watcher.events if isinstance(event, SourceChanged)]
        assert changes == [SourceChanged("microphone", "Mic"), SourceChanged("system", "Speakers")]
        opener = watcher.session._opener
        assert isinstance(opener, ScriptedOpener)
        assert [asked.device for asked in opener.asked] == [None, "Speakers"]
        await watcher.session.stop()
        assert watcher.captions[-1].end_ms == 500


async def test_choosing_the_same_source_again_opens_it_again() -> None:
    first, second = ScriptedSource(), ScriptedSource()
    async with serve_riva(echo_progress) as server, running(server, first, second) as watcher:
        first.speak(0.2)
        await watcher.shows("chunk 2")
        await watcher.session.set_source("auto")
        second.speak(0.1)
        await watcher.shows("chunk 3")
        assert watcher.session.state is S.STREAMING


async def test_a_device_that_cannot_be_opened_ends_the_session_with_the_reason() -> None:
    source = ScriptedSource()
    source._queue.get_nowait()
    source.push(AudioDeviceError("The microphone is busy.", hint="Close the other program."))
    async with serve_riva(echo_progress) as server, running(server, source) as watcher:
        with pytest.raises(AudioDeviceError, match="is busy"):
            await watcher.session.wait()
        assert watcher.states[-1] is S.FAILED
        assert watcher.session.health.state is HealthState.FAILED
        assert watcher.session.health.sentence == "The microphone is busy."
        assert watcher.session.health.hint == "Close the other program."
        assert source.closed


async def test_a_file_that_breaks_in_the_middle_keeps_what_was_said() -> None:
    source = ScriptedSource("file", "broken.mp3")
    async with serve_riva(echo_progress) as server, running(server, source) as watcher:
        source.speak(0.2)
        await watcher.shows("chunk 2")
        source.push(InputFileError("The file is damaged after 0.2 seconds."))
        with pytest.raises(InputFileError):
            await watcher.session.wait()
        assert watcher.finals == ["chunk 2"]
        assert watcher.states[-1] is S.FAILED


async def test_a_server_that_refuses_fails_the_session_and_it_can_be_started_again() -> None:
    async def handler(stream: ServedStream) -> None:
        if stream.number == 0:
            await stream.abort(grpc.StatusCode.UNAUTHENTICATED, "expired")
        await echo_progress(stream)

    first, second = ScriptedSource(), ScriptedSource()
    async with serve_riva(handler) as server, running(server, first, second) as watcher:
        with pytest.raises(CredentialsError):
            await watcher.session.wait()
        assert watcher.states[-1] is S.FAILED
        health = watcher.session.health
        assert health.state is HealthState.FAILED
        assert "wants a key, and none is set" in health.sentence
        assert HealthChanged(health) in watcher.events
        assert len(server.streams) == 1
        await watcher.session.start()
        second.speak(0.1)
        await watcher.shows("chunk 1")
        await watcher.session.stop()
        assert watcher.states[-4:] == [S.STARTING, S.STREAMING, S.STOPPING, S.IDLE]
        assert watcher.session.error is None


async def test_the_server_s_refusal_is_told_though_the_device_is_away_too() -> None:
    async def handler(stream: ServedStream) -> None:
        await stream.hear(1600)
        await stream.abort(grpc.StatusCode.INVALID_ARGUMENT, "no such model")

    source = ScriptedSource()
    source.push(SourceLost(AudioDeviceError("The microphone was unplugged.")))
    source.speak(0.1)
    async with serve_riva(handler) as server, running(server, source) as watcher:
        await watcher.reaches(S.FAILED)
        assert "no such model" in watcher.session.health.sentence
        assert "It has: scripted-en-us (en-US)" in watcher.session.health.hint


async def test_a_device_that_goes_away_and_comes_back() -> None:
    source = ScriptedSource()
    async with serve_riva(echo_progress) as server, running(server, source) as watcher:
        await watcher.reaches(S.STREAMING)
        source.push(
            SourceLost(AudioDeviceError("The microphone was unplugged.", hint="Plug it in."))
        )
        await watcher.reaches(S.RECONNECTING)
        assert watcher.session.health.state is HealthState.RECONNECTING
        assert watcher.session.health.sentence == "The microphone was unplugged."
        source.push(source.opened)
        await watcher.reaches(S.STREAMING)
        source.speak(0.3, lost_s=2.0)
        await watcher.shows("chunk 3")
        assert watcher.gaps == [(0, 2000)]
        assert watcher.session.lost_ms == 2000
        assert watcher.session.health.state is HealthState.LISTENING


async def test_a_server_that_goes_away_and_comes_back() -> None:
    async def handler(stream: ServedStream) -> None:
        if stream.number == 0:
            await stream.hear(4800)
            await stream.say(final("Before.", processed_s=0.2, words=[("Before.", 0, 150)]))
            await stream.say(partial("half", processed_s=0.3))
            await stream.abort(grpc.StatusCode.UNAVAILABLE, "restarting")
        await stream.hear_all()
        await stream.say(final("Half a word.", processed_s=0.35))

    source = ScriptedSource()
    async with serve_riva(handler) as server, running(server, source) as watcher:
        source.speak(0.3)
        await until(lambda: len(server.streams) == 2)
        await watcher.reaches(S.STREAMING)
        source.speak(0.2)
        await watcher.session.stop()
        assert watcher.states == [
            S.STARTING,
            S.STREAMING,
            S.RECONNECTING,
            S.STREAMING,
            S.STOPPING,
            S.IDLE,
        ]
        assert watcher.finals == ["Before.", "Half a word."]
        assert server.streams[1].pcm == tone(2400, 8000)
        ids = [segment.id for segment in watcher.captions]
        assert ids == [0, 1, 1], "the open caption is continued, not begun anew"
        reconnecting = [
            event.health
            for event in watcher.events
            if isinstance(event, HealthChanged) and event.health.state is HealthState.RECONNECTING
        ]
        assert "restarting" in reconnecting[0].sentence


@pytest.mark.parametrize("patient", [True, False])
async def test_only_the_patient_try_for_ever(*, patient: bool) -> None:
    async def handler(stream: ServedStream) -> None:
        await stream.abort(grpc.StatusCode.UNAVAILABLE, "for ever")

    async with (
        serve_riva(handler) as server,
        running(server, ScriptedSource(), patient=patient) as watcher,
    ):
        if patient:
            await until(lambda: len(server.streams) > 6)
            assert watcher.session.error is None
        else:
            with pytest.raises(UnavailableError):
                await watcher.session.wait()
            assert len(server.streams) == 6


async def test_a_command_outlives_an_outage_once_it_has_worked() -> None:
    async def handler(stream: ServedStream) -> None:
        if 0 < stream.number < 20:
            await stream.abort(grpc.StatusCode.UNAVAILABLE, "for a while")
        await stream.hear(1600)
        await stream.say(partial("back", processed_s=0.1))
        if stream.number:
            await stream.hear_all()
        await stream.abort(grpc.StatusCode.UNAVAILABLE)

    source = ScriptedSource()
    connection = {"retry_delay_s": 0.01, "replay_s": 1}
    async with (
        serve_riva(handler) as server,
        running(server, source, connection=connection) as watcher,
    ):
        source.speak(0.5)
        await until(lambda: len(server.streams) > 20)
        assert watcher.session.error is None


async def test_an_outage_that_outlasts_the_replay_is_one_gap_after_what_was_shown() -> None:
    back = asyncio.Event()

    async def handler(stream: ServedStream) -> None:
        if stream.number == 0:
            await stream.hear(8000)
            await stream.say(partial("shown words", processed_s=0.5))
            await stream.abort(grpc.StatusCode.UNAVAILABLE)
        if not back.is_set():
            await stream.abort(grpc.StatusCode.UNAVAILABLE)
        await stream.hear_all()
        await stream.say(final("At last.", processed_s=stream.heard_s))

    source = ScriptedSource()
    connection = {"retry_delay_s": 0.01, "replay_s": 1}
    async with (
        serve_riva(handler) as server,
        running(server, source, connection=connection, patient=True) as watcher,
    ):
        source.speak(0.5)
        await until(lambda: len(server.streams) > 2)
        for _ in range(3):
            tries = len(server.streams)
            source.speak(1.5)
            await until(lambda tries=tries: len(server.streams) > tries + 2)
        assert watcher.finals == ["shown words"]
        back.set()
        await until(lambda: watcher.gaps)
        source.end()
        await watcher.session.wait()
    assert watcher.finals == ["shown words", "At last."]
    ((start_ms, end_ms),) = watcher.gaps
    assert start_ms <= 500
    assert end_ms == 4000


async def test_a_server_that_is_gone_does_not_keep_anyone_from_stopping() -> None:
    async def handler(stream: ServedStream) -> None:
        await stream.hear(1600)
        await stream.say(partial("cut off", processed_s=0.1))
        await stream.abort(grpc.StatusCode.UNAVAILABLE)

    source = ScriptedSource()
    async with (
        serve_riva(handler) as server,
        running(server, source, patient=True, connection={"drain_timeout_s": 60}) as watcher,
    ):
        source.speak(0.1)
        await watcher.shows("cut off")
        await server.stop()
        await watcher.reaches(S.RECONNECTING)
        await asyncio.wait_for(watcher.session.stop(), 10)
        assert watcher.finals == ["cut off"]
        assert watcher.session.error is None
        assert watcher.session.state is S.IDLE


async def test_a_server_that_goes_during_a_stop_is_not_waited_for() -> None:
    async def handler(stream: ServedStream) -> None:
        await stream.hear_all()
        await stream.say(partial("cut off", processed_s=0.1))
        await stream.abort(grpc.StatusCode.UNAVAILABLE)

    source = ScriptedSource()
    async with (
        serve_riva(handler) as server,
        running(server, source, patient=True, connection={"drain_timeout_s": 60}) as watcher,
    ):
        source.speak(0.1)
        await watcher.reaches(S.STREAMING)
        await asyncio.wait_for(watcher.session.stop(), 10)
        assert watcher.finals == ["cut off"]
        assert watcher.session.state is S.IDLE


async def test_a_listener_that_fails_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_event: SessionEvent) -> None:
        raise RuntimeError("a fault of the listener")

    source = ScriptedSource()
    async with serve_riva(echo_progress) as server:
        session = CaptionSession(settings_for(server), opener=ScriptedOpener(source))
        session.subscribe(broken)
        watcher = Watcher(session)
        await session.start()
        source.speak(0.2)
        await watcher.shows("chunk 2")
        await session.close()
    assert watcher.finals == ["All 2 chunks."]
    assert watcher.states[-1] is S.IDLE
    assert "A listener failed on CaptionChanged" in caplog.text
    assert "chunk 2" not in caplog.text, "what was said is not logged"


async def test_a_listener_that_left_hears_no_more() -> None:
    heard: list[SessionEvent] = []
    source = ScriptedSource()
    async with serve_riva(echo_progress) as server, running(server, source) as watcher:
        leave = watcher.session.subscribe(heard.append)
        await watcher.reaches(S.STREAMING)
        leave()
        leave()
        count = len(heard)
        source.speak(0.2)
        await watcher.shows("chunk 2")
        assert len(heard) == count


async def test_two_starts_are_one() -> None:
    async with (
        serve_riva(echo_progress) as server,
        running(server, ScriptedSource()) as watcher,
    ):
        await watcher.session.start()
        await watcher.reaches(S.STREAMING)
        assert watcher.states == [S.STARTING, S.STREAMING]


async def test_a_second_run_goes_on_in_time_and_in_numbers() -> None:
    first, second = ScriptedSource(), ScriptedSource()
    async with serve_riva(echo_progress) as server, running(server, first, second) as watcher:
        first.speak(2.0)
        await watcher.shows("chunk 20")
        await watcher.session.stop()
        await watcher.session.start()
        second.speak(0.5)
        await until(lambda: len(server.streams) == 2 and server.streams[1].heard_s == 0.5)
        await watcher.session.stop()
    finals = [segment for segment in watcher.captions if segment.is_final]
    assert [segment.id for segment in finals] == [0, 1]
    assert [segment.end_ms for segment in finals] == [2000, 2500]
    assert finals[1].start_ms >= 2000


async def test_levels_are_told_ten_times_a_second_at_most() -> None:
    clock = ManualClock()
    source = ScriptedSource()
    async with (
        serve_riva(echo_progress) as server,
        running(server, source, clock=clock) as watcher,
    ):
        await watcher.reaches(S.STREAMING)
        source.speak(1.0)
        await watcher.shows("chunk 10")
        levels = [event for event in watcher.events if isinstance(event, LevelChanged)]
        assert len(levels) == 1, "time stands still"
        await clock.advance(0.1)
        source.speak(0.1, silent=True)
        await watcher.shows("chunk 11")
        levels = [event for event in watcher.events if isinstance(event, LevelChanged)]
        assert [round(event.level.rms_dbfs) for event in levels] == [-11, -120]
        source.end()


async def test_short_losses_are_counted_and_long_ones_shown() -> None:
    source = ScriptedSource()
    async with serve_riva(echo_progress) as server, running(server, source) as watcher:
        source.speak(0.2)
        source.speak(0.1, lost_s=0.1)
        source.speak(0.1, lost_s=0.3)
        await watcher.shows("chunk 4")
        assert watcher.gaps == [(400, 700)]
        assert watcher.session.lost_ms == 400


async def test_silence_is_named_after_five_seconds_and_ends_with_sound() -> None:
    clock = ManualClock()
    source = ScriptedSource("microphone", "Desk mic")
    async with (
        serve_riva(echo_progress) as server,
        running(server, source, clock=clock) as watcher,
    ):
        await watcher.reaches(S.STREAMING)
        source.speak(0.1, silent=True)
        await watcher.shows("chunk 1")
        await clock.advance(4.8)
        assert watcher.session.health.state is HealthState.LISTENING
        await clock.advance(0.4)
        assert watcher.session.health.state is HealthState.NO_AUDIO
        assert watcher.session.health.sentence == "No sound reaches Desk mic."
        source.speak(0.1)
        await watcher.shows("chunk 2")
        await clock.advance(0.2)
        assert watcher.session.health.state is HealthState.LISTENING
        source.end()


async def test_an_open_caption_waits_for_the_server_and_is_heard_again() -> None:
    """The server is gone for longer than a pause that would settle it, and comes back."""
    clock = ManualClock()
    is_back = False

    async def handler(stream: ServedStream) -> None:
        if stream.number == 0:
            await stream.hear(8000)
            await stream.say(partial("never final", processed_s=0.5))
        if not is_back:
            await stream.abort(grpc.StatusCode.UNAVAILABLE)
        await stream.hear_all()
        await stream.say(final("Final at last.", processed_s=stream.heard_s))

    source = ScriptedSource()
    async with (
        serve_riva(handler) as server,
        running(server, source, clock=clock, patient=True) as watcher,
    ):
        source.speak(0.5)
        await watcher.shows("never final")
        await watcher.reaches(S.RECONNECTING)
        await clock.advance(12.0)
        assert watcher.finals == []
        is_back = True
        source.speak(0.5)
        source.end()
        await clock.advance_until(lambda: watcher.session.state is S.IDLE)
        assert watcher.finals == ["Final at last."]
        assert server.streams[-1].pcm == tone(0, 16000)


async def test_a_caption_settled_while_it_is_heard_again_is_not_said_twice() -> None:
    """The next stream is already hearing the pause before the caption is settled."""
    clock = ManualClock()

    async def handler(stream: ServedStream) -> None:
        await stream.hear(8000)
        await stream.say(partial("never final", processed_s=0.5))
        if stream.number == 0:
            await stream.abort(grpc.StatusCode.UNAVAILABLE)
        await stream.hear_all()
        await stream.say(final("Never final and more.", processed_s=stream.heard_s))

    source = ScriptedSource()
    async with (
        serve_riva(handler) as server,
        running(server, source, clock=clock) as watcher,
    ):
        source.speak(0.5)
        await clock.advance_until(lambda: watcher.finals)
        assert watcher.finals == ["never final"]
        assert len(server.streams) == 2
        source.end()
        await watcher.session.wait()
        assert watcher.finals == ["never final", "and more."]


async def test_a_sentence_too_long_to_be_replayed_is_settled_as_it_was_shown() -> None:
    """Its beginning is no longer held when the stream breaks after 40 seconds."""

    async def handler(stream: ServedStream) -> None:
        if stream.number == 0:
            for second in range(40):
                await stream.hear((second + 1) * SAMPLE_RATE)
                await stream.say()
            await stream.say(partial("forty seconds long", processed_s=39.0))
            await stream.abort(grpc.StatusCode.UNAVAILABLE)
        await stream.hear_all()
        await stream.say(final("The rest.", processed_s=stream.heard_s))

    source = ScriptedSource()
    async with serve_riva(handler) as server, running(server, source) as watcher:
        for second in range(40):
            source.speak(1.0)
            await until(
                lambda second=second: (
                    server.streams and server.streams[0].heard_samples == (second + 1) * SAMPLE_RATE
                )
            )
        await until(lambda: len(server.streams) == 2)
        await watcher.session.stop()
    assert watcher.finals == ["forty seconds long", "The rest."]
    # A second is heard again: the last word may have been cut short.
    assert server.streams[1].pcm == tone(38 * SAMPLE_RATE, 40 * SAMPLE_RATE)
    assert watcher.gaps == []


async def test_a_file_is_read_as_fast_as_the_server_follows() -> None:
    source = ScriptedSource("file", "long.wav")
    source.speak(60.0)
    source.end()
    async with (
        serve_riva(echo_progress) as server,
        running(server, source, realtime=False) as watcher,
    ):
        await asyncio.wait_for(watcher.session.wait(), 30)
        assert server.streams[0].pcm == tone(0, 60 * SAMPLE_RATE)
        assert watcher.finals == ["All 600 chunks."]
        assert watcher.session.lost_ms == 0


async def test_closing_at_any_moment_leaves_nothing_behind() -> None:
    async with serve_riva(echo_progress) as server:
        for turns in range(0, 60, 3):
            source = ScriptedSource()
            source.speak(0.3)
            async with running(server, source) as watcher:
                for _ in range(turns):
                    await asyncio.sleep(0)
            assert watcher.session.state is S.IDLE
            names = {task.get_name() for task in asyncio.all_tasks()}
            assert not {name for name in names if name.startswith(("session", "caption", "asr"))}
