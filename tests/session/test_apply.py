"""Other settings while captions run: each holds as soon as it can, and no final is changed."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr

from captioner.asr.replay import ReplayBuffer
from captioner.core.audio import SAMPLE_RATE
from captioner.core.events import CaptionChanged, EngineChanged
from captioner.core.health import Concern
from captioner.core.stability import StabilityMode
from captioner.core.state import SessionState
from captioner.session.controller import CaptionSession
from captioner.session.echo import EchoCount
from captioner.settings import secrets
from captioner.settings.endpoints import EMBEDDED, EndpointSettings
from captioner.settings.models import CaptionSettings, EngineSettings, Settings
from captioner.settings.recognition import RecognitionSettings
from captioner.settings.secrets import SecretStore
from captioner.settings.vocabulary import BoostedPhrase, Replacement, VocabularySettings
from tests.asr.listening import chunks
from tests.session.test_channels import Room, conversation, said
from tests.session.test_session import echo_progress, running
from tests.support.clock import ManualClock
from tests.support.riva_server import ServedStream, final, partial, serve_riva
from tests.support.scripted_source import ScriptedOpener, ScriptedSource
from tests.support.wait import until
from tests.support.watcher import Watcher

CARDIOLOGY = VocabularySettings(
    name="Cardiology",
    boosted=(BoostedPhrase(phrase="stent", boost=12.0),),
    replacements=(Replacement(heard="stand", shown="stent"),),
)


def changed(watcher: Watcher, **sections: object) -> Settings:
    return watcher.session._settings.model_copy(update=sections)


def shown(watcher: Watcher) -> list[str]:
    return [event.shown for event in watcher.events if isinstance(event, CaptionChanged)]


async def test_a_vocabulary_is_switched_in_the_middle_of_a_meeting() -> None:
    go_on = asyncio.Event()

    async def speak(stream: ServedStream) -> None:
        await stream.hear(1600)
        if stream.number == 0:
            await stream.say(final("A stand.", processed_s=0.05))
            await stream.say(partial("the stand", processed_s=0.1))
            await go_on.wait()
            await stream.say(partial("the stand is", processed_s=0.1))
            await stream.say(final("The stand is in.", processed_s=0.1))
        await stream.hear_all()

    source = ScriptedSource()
    async with serve_riva(speak) as server, running(server, source) as watcher:
        source.speak(0.2)
        await watcher.shows("the stand")
        with_vocabulary = changed(
            watcher,
            vocabularies=(CARDIOLOGY,),
            recognition=RecognitionSettings(vocabulary="cardiology"),
        )
        await watcher.session.apply(with_vocabulary)
        assert len(server.streams) == 1, "an utterance is open"
        go_on.set()
        await until(lambda: len(server.streams) == 2)
        source.speak(0.2)
        await until(lambda: server.streams[1].config is not None)
    assert watcher.finals == ["A stand.", "The stent is in."]
    assert watcher.has_shown("the stent is"), "new words are written otherwise at once"
    config = server.streams[1].config
    assert config is not None
    assert [list(each.phrases) for each in config.config.speech_contexts] == [["stent"]]


async def test_what_is_settled_is_settled_in_the_words_of_the_recogniser() -> None:
    """A caption that was written otherwise is not said again by the next stream."""

    async def speak(stream: ServedStream) -> None:
        await stream.hear(SAMPLE_RATE)
        await stream.say(partial("the stand holds", processed_s=stream.heard_s))
        if stream.number:
            await stream.say(partial("the stand holds well", processed_s=stream.heard_s))
        await stream.hear_all()

    source, clock = ScriptedSource(), ManualClock()
    async with serve_riva(speak) as server, running(server, source, clock=clock) as watcher:
        rule = Replacement(heard="the stand", shown="a stent or two")
        await watcher.session.apply(
            changed(watcher, captions=CaptionSettings(replacements=(rule,), quiet_gap_s=1.0))
        )
        source.speak(1.0)
        await watcher.shows("a stent or two holds")
        await clock.advance_until(lambda: watcher.finals, limit_s=3.0)
        watcher.session._channels.renew(at_once=True)
        source.speak(0.3)
        await clock.advance_until(lambda: watcher.has_shown("well"), limit_s=5.0)
    assert watcher.finals == ["a stent or two holds", "well"]


async def test_the_quiet_gap_and_the_stability_hold_at_once() -> None:
    async def speak(stream: ServedStream) -> None:
        async for _ in stream.audio():
            text = "we hold these truths"
            await stream.say(partial(text[: 7 * len(stream.chunks)], processed_s=stream.heard_s))

    source, clock = ScriptedSource(), ManualClock()
    async with serve_riva(speak) as server, running(server, source, clock=clock) as watcher:
        source.speak(0.1)
        await watcher.shows("we hold")
        await watcher.session.apply(
            changed(
                watcher,
                captions=CaptionSettings(stability=StabilityMode.RESPONSIVE, quiet_gap_s=2.0),
            )
        )
        source.speak(0.1)
        await watcher.shows("we hold these")
        assert shown(watcher) == ["we", "we hold these"]
        await clock.advance(2.1)
        await clock.advance_until(lambda: watcher.finals, limit_s=1.0)
    assert watcher.finals == ["we hold these"]


async def test_the_echo_is_left_out_as_soon_as_that_is_wanted() -> None:
    room = Room()
    spoken = "we hold these truths to be"

    async def repeat(stream: ServedStream) -> None:
        async for _ in stream.audio():
            await stream.say(final(spoken, processed_s=stream.heard_s))

    async with serve_riva(repeat) as server, conversation(server, room) as watcher:
        await until(lambda: room.microphones and room.systems)

        clock = watcher.session._clock
        assert isinstance(clock, ManualClock)

        async def both_speak(finals: int) -> None:
            room.system.speak(0.1, begun_at=clock.now())
            await clock.advance_until(lambda: len(said(watcher)) == finals)
            room.microphone.speak(0.1, begun_at=clock.now())

        await both_speak(1)
        await clock.advance_until(lambda: len(said(watcher)) == 2)
        captions = CaptionSettings(suppress_echo=True)
        await watcher.session.apply(changed(watcher, captions=captions))
        await both_speak(3)
        await clock.advance_until(lambda: watcher.session.echo == EchoCount(6, 1))
    assert sorted(channel for channel, _ in said(watcher)) == ["Others", "Others", "You"]


async def test_other_limits_hold_for_the_stream_that_follows() -> None:
    async def speak(stream: ServedStream) -> None:
        async for _ in stream.audio():
            await stream.say(final(f"Stream {stream.number}.", processed_s=stream.heard_s))

    source, clock = ScriptedSource(), ManualClock()
    async with serve_riva(speak) as server, running(server, source, clock=clock) as watcher:
        source.speak(0.1)
        await watcher.shows("Stream 0.")
        connection = watcher.session._settings.connection
        often = connection.model_copy(update={"rotate_after_s": 60.0, "replay_s": 5.0})
        await watcher.session.apply(changed(watcher, connection=often))
        await clock.advance(61.0)
        source.speak(0.1)
        await clock.advance_until(lambda: len(server.streams) == 2, limit_s=3.0)
    assert watcher.gaps == []


def test_a_smaller_buffer_loses_nothing_that_it_holds() -> None:
    buffer = ReplayBuffer(10 * SAMPLE_RATE)
    held = chunks(0, 8 * SAMPLE_RATE, size=SAMPLE_RATE)
    for chunk in held:
        assert buffer.put(chunk) is None
    buffer.resize(2 * SAMPLE_RATE)
    assert buffer.unsent_samples == 8 * SAMPLE_RATE
    assert buffer.skip() is not None
    assert buffer._limit == 2 * SAMPLE_RATE
    for chunk in chunks(8 * SAMPLE_RATE, 11 * SAMPLE_RATE, size=SAMPLE_RATE):
        lost = buffer.put(chunk)
    assert lost is not None


async def test_a_language_that_the_engine_lacks_ends_captions_with_the_reason() -> None:
    source = ScriptedSource()
    settings = Settings(engine=EngineSettings(backend="mock"))
    session = CaptionSession(settings, opener=ScriptedOpener(source), patient=True)
    watcher = Watcher(session)
    await session.start()
    try:
        source.speak(1.0)
        await until(lambda: watcher.captions, limit_s=20.0)
        german = settings.recognition.model_copy(update={"language": "de-DE"})
        await session.apply(changed(watcher, recognition=german))
        source.speak(2.2, silent=True)  # to the end of the first sentence, not into the second
        await watcher.reaches(SessionState.FAILED)
        assert watcher.captions[-1].is_final, "what was shown is kept"
        assert "understands English only" in session.health.sentence
        assert session.health.concern is Concern.RECOGNISER
    finally:
        await session.close()


async def test_a_new_key_is_used_by_a_session_that_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings are the same; the server refuses one key and takes the other."""

    async def nothing(_store: SecretStore, _server: str) -> None:
        return None

    monkeypatch.setattr(secrets, "_get", nothing)
    monkeypatch.setattr(secrets, "_held", {})
    source = ScriptedSource()
    async with serve_riva(echo_progress, token="right") as server:  # noqa: S106 - of the test
        account = f"127.0.0.1:{server.port}"
        SecretStore().hold(account, SecretStr("right"))
        async with running(server, source, ScriptedSource()) as watcher:
            source.speak(0.1)
            await watcher.shows("chunk 1")
            SecretStore().hold(account, SecretStr("wrong"))
            await watcher.session.apply(changed(watcher))
            source.speak(0.1)
            await until(lambda: watcher.session.state is SessionState.FAILED)
            assert "refused the key" in watcher.session.health.sentence
            SecretStore().hold(account, SecretStr("right"))
            await watcher.session.start()
            await until(lambda: len(server.streams) == 2)
        assert server.streams[-1].metadata["authorization"] == "Bearer right"


@pytest.mark.slow
async def test_another_recogniser_is_chosen_while_captions_run() -> None:
    """From the first server to the second in a pause, and on to the embedded engine."""
    source = ScriptedSource()
    async with serve_riva(echo_progress) as first, serve_riva(echo_progress) as second:
        servers = tuple(
            EndpointSettings(host="127.0.0.1", port=each.port) for each in (first, second)
        )
        settings = Settings(endpoints=servers, engine=EngineSettings(backend="mock"))
        session = CaptionSession(settings, opener=ScriptedOpener(source), patient=True)
        watcher = Watcher(session)
        await session.start()
        try:
            source.speak(0.3)
            await watcher.shows("chunk 3")
            await session.apply(choosing(watcher, servers[1].account))
            source.speak(3.0, silent=True)
            await until(lambda: len(second.streams) == 1)
            await until(lambda: watcher.finals)
            assert int(watcher.finals[0].split()[1]) >= 3, "what the first server heard is kept"
            source.speak(0.3)
            await until(lambda: second.streams[0].heard_samples > 0)
            await session.apply(choosing(watcher, EMBEDDED))
            source.speak(3.0, silent=True)
            await until(
                lambda: any(
                    isinstance(event, EngineChanged) and event.is_mock for event in watcher.events
                ),
                limit_s=20.0,
            )
        finally:
            await session.close()
        assert len(first.streams) == len(second.streams) == 1


def choosing(watcher: Watcher, recogniser: str) -> Settings:
    connection = watcher.session._settings.connection
    return changed(watcher, connection=connection.model_copy(update={"recogniser": recogniser}))
