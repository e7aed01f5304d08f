"""Microphone and system audio at once: two channels, one transcript, one session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import pytest

from captioner.asr.endpoint import Endpoint
from captioner.core.audio import SAMPLE_RATE, SourceLost
from captioner.core.errors import AudioDeviceError, CredentialsError
from captioner.core.events import GapMarked, LevelChanged, SourceChanged
from captioner.core.health import HealthState
from captioner.core.state import SessionState
from captioner.session.controller import CaptionSession
from captioner.session.echo import EchoCount
from captioner.session.endpoints import server_endpoint
from captioner.settings.endpoints import EndpointSettings
from captioner.settings.models import AudioSettings, CaptionSettings
from tests.session.test_session import echo_progress, settings_for
from tests.support.clock import ManualClock
from tests.support.riva_server import RivaServer, ServedStream, final, partial, serve_riva
from tests.support.scripted_source import ScriptedSource, tone
from tests.support.wait import until
from tests.support.watcher import Watcher

S = SessionState
UNPLUGGED = AudioDeviceError("The microphone was unplugged.", hint="Plug it in.")


class Room:
    """A microphone and an output, each opened anew as often as wanted.

    Attributes:
        asked: What was asked for, in order.
        microphones: Those that were opened, newest last.
        systems: The same for outputs.
    """

    def __init__(self) -> None:
        self.asked: list[AudioSettings] = []
        self.microphones: list[ScriptedSource] = []
        self.systems: list[ScriptedSource] = []
        self.broken: dict[str, Exception] = {}

    def __call__(self, audio: AudioSettings) -> ScriptedSource:
        self.asked.append(audio)
        is_mic = audio.source == "mic"
        name = "Desk mic" if is_mic else "Speakers"
        source = ScriptedSource("microphone" if is_mic else "system", name)
        if audio.source in self.broken:
            source.break_at_once(self.broken[audio.source])
        (self.microphones if is_mic else self.systems).append(source)
        return source

    @property
    def microphone(self) -> ScriptedSource:
        return self.microphones[-1]

    @property
    def system(self) -> ScriptedSource:
        return self.systems[-1]


@asynccontextmanager
async def conversation(
    server: RivaServer,
    room: Room,
    *,
    source: str = "both",
    captions: CaptionSettings | None = None,
) -> AsyncIterator[Watcher]:
    """Run a session on a clock that stands still, at 1000 seconds."""
    audio = AudioSettings(source=source, mic_device="Desk", system_device="Speak")
    change = {"audio": audio, "captions": captions or CaptionSettings(suppress_echo=False)}
    session = CaptionSession(
        settings_for(server).model_copy(update=change), opener=room, clock=ManualClock()
    )
    watcher = Watcher(session)
    await session.start()
    try:
        yield watcher
    finally:
        await session.close()


def said(watcher: Watcher) -> list[tuple[str, str]]:
    return [(caption.channel, caption.text) for caption in watcher.captions if caption.is_final]


async def name_themselves(stream: ServedStream) -> None:
    """Say how much was heard: in a final when a chunk is silent, else in a partial."""
    heard_before = 0
    async for _ in stream.audio():
        text = f"chunks {heard_before} to {len(stream.chunks)}"
        if any(stream.chunks[-1]):
            await stream.say(partial(text, processed_s=stream.heard_s))
        else:
            await stream.say(final(text, processed_s=stream.heard_s))
            heard_before = len(stream.chunks)
    await stream.say(final("That was all.", processed_s=stream.heard_s))


async def test_two_streams_one_transcript() -> None:
    room = Room()
    async with serve_riva(name_themselves) as server, conversation(server, room) as watcher:
        await until(lambda: room.microphones and room.systems)
        assert [(asked.source, asked.device) for asked in room.asked] == [
            ("mic", "Desk"),
            ("system", "Speak"),
        ]
        room.microphone.speak(0.2, begun_at=1000.0)
        await watcher.shows("chunks 0 to 2")
        # The output is opened half a second later: its first sample is not the session's first.
        room.system.speak(0.3, begun_at=1000.5)
        await watcher.shows("chunks 0 to 3")
        room.system.speak(0.1, begun_at=1000.8, silent=True)
        room.microphone.speak(0.1, begun_at=1000.2, silent=True)
        await until(lambda: len(said(watcher)) == 2)
        await watcher.session.stop()
    assert set(said(watcher)) == {
        ("You", "chunks 0 to 3"),
        ("Others", "chunks 0 to 4"),
        ("You", "That was all."),
        ("Others", "That was all."),
    }
    ends = {(found.channel, found.text): found.end_ms for found in watcher.captions}
    assert ends["Others", "chunks 0 to 1"] == 600
    assert ends["You", "chunks 0 to 1"] == 100
    opened = [event for event in watcher.events if isinstance(event, SourceChanged)]
    assert {(event.channel, event.name) for event in opened} == {
        ("You", "Desk mic"),
        ("Others", "Speakers"),
    }
    assert {event.channel for event in watcher.events if isinstance(event, LevelChanged)} == {
        "You",
        "Others",
    }
    ids = [caption.id for caption in watcher.captions if caption.revision == 0]
    assert ids == sorted(ids) == list(range(4)), "ids are unique and rise over both channels"
    assert watcher.states == [S.STARTING, S.STREAMING, S.STOPPING, S.IDLE]
    assert watcher.gaps == []
    assert watcher.session.lost_ms == 0


async def test_losing_the_microphone_costs_the_others_nothing() -> None:
    room = Room()
    async with serve_riva(echo_progress) as server, conversation(server, room) as watcher:
        await until(lambda: room.microphones and room.systems)
        room.microphone.speak(0.1, begun_at=1000.0)
        room.system.speak(0.1, begun_at=1000.0)
        await until(lambda: len(watcher.captions) == 2)
        assert watcher.session.health.sentence == "Listening to Desk mic. Listening to Speakers."
        room.microphone.push(SourceLost(UNPLUGGED))
        await until(lambda: watcher.session.health.state is HealthState.RECONNECTING)
        assert watcher.session.health.sentence == "You: The microphone was unplugged."
        assert watcher.session.health.hint == "Plug it in."
        assert watcher.session.state is S.STREAMING, "one channel works"
        room.system.speak(0.4, begun_at=1000.1)
        await watcher.shows("chunk 5")
        room.microphone.push(room.microphone.opened)
        room.microphone.speak(0.1, begun_at=1002.1, lost_s=2.0)
        await until(lambda: watcher.session.health.state is HealthState.LISTENING)
        await until(lambda: watcher.gaps)
        gaps = [event.gap for event in watcher.events if isinstance(event, GapMarked)]
        assert [(gap.start_ms, gap.end_ms, gap.channel) for gap in gaps] == [(100, 2100, "You")]
        assert watcher.session.lost_ms == 2000
        assert tone(0, SAMPLE_RATE // 2) in [stream.pcm for stream in server.streams]
    assert watcher.states == [S.STARTING, S.STREAMING, S.STOPPING, S.IDLE]


async def test_one_that_cannot_be_opened_leaves_the_other() -> None:
    room = Room()
    room.broken["mic"] = AudioDeviceError("There is no microphone to listen to.")
    async with serve_riva(echo_progress) as server, conversation(server, room) as watcher:
        await until(lambda: room.systems)
        room.system.speak(0.2, begun_at=1000.0)
        await watcher.shows("chunk 2")
        assert watcher.session.state is S.STREAMING
        await until(lambda: watcher.session.health.state is HealthState.RECONNECTING)
        assert watcher.session.health.sentence == "You: There is no microphone to listen to."
        await watcher.session.stop()
        assert watcher.session.error is None
        assert said(watcher) == [("Others", "All 2 chunks.")]


async def test_without_either_the_session_fails() -> None:
    room = Room()
    room.broken["mic"] = AudioDeviceError("There is no microphone to listen to.")
    room.broken["system"] = AudioDeviceError("There is no output to listen to.")
    async with serve_riva(echo_progress) as server, conversation(server, room) as watcher:
        with pytest.raises(AudioDeviceError, match="no microphone"):
            await watcher.session.wait()
        assert watcher.session.state is S.FAILED
        assert watcher.session.health.sentence == "There is no microphone to listen to."


async def test_a_server_that_refuses_both_fails_the_session() -> None:
    async def refuse(stream: ServedStream) -> None:
        await stream.abort(grpc.StatusCode.UNAUTHENTICATED, "expired")

    async with serve_riva(refuse) as server, conversation(server, Room()) as watcher:
        with pytest.raises(CredentialsError):
            await watcher.session.wait()
        assert watcher.states[-1] is S.FAILED


async def test_from_one_to_both_and_back_keeps_every_word() -> None:
    room = Room()
    async with (
        serve_riva(echo_progress) as server,
        conversation(server, room, source="mic") as watcher,
    ):
        await until(lambda: room.microphones)
        room.microphone.speak(0.3, begun_at=1000.0)
        await watcher.shows("chunk 3")
        await watcher.session.set_source("both")
        assert said(watcher) == [("", "All 3 chunks.")], "the last words of the old one are kept"
        await until(lambda: len(room.microphones) == 2 and room.systems)
        room.microphone.speak(0.2, begun_at=1000.0)
        room.system.speak(0.4, begun_at=1000.0)
        await watcher.shows("chunk 2")
        await watcher.shows("chunk 4")
        await watcher.session.set_source("mic")
        assert set(said(watcher)[1:]) == {("You", "All 2 chunks."), ("Others", "All 4 chunks.")}
        await until(lambda: len(room.microphones) == 3)
        room.microphone.speak(0.5, begun_at=1000.0)
        await watcher.shows("chunk 5")
        await watcher.session.stop()
    assert said(watcher)[-1] == ("", "All 5 chunks.")
    ids = [caption.id for caption in watcher.captions if caption.is_final]
    assert sorted(ids) == list(range(4))
    assert watcher.captions[-1].end_ms == 1200, "the session's time goes on"
    assert S.FAILED not in watcher.states
    assert S.RECONNECTING not in watcher.states


async def test_choosing_both_again_opens_both_again() -> None:
    room = Room()
    async with serve_riva(echo_progress) as server, conversation(server, room) as watcher:
        await until(lambda: room.microphones and room.systems)
        room.system.speak(0.1, begun_at=1000.0)
        await watcher.shows("chunk 1")
        await watcher.session.set_source("both")
        await until(lambda: len(room.microphones) == 2 and len(room.systems) == 2)
        room.system.speak(0.1, begun_at=1000.3)
        await watcher.shows("chunk 2")
        assert watcher.gaps == [(100, 300)], "the time in between is a gap"
        assert len(server.streams) == 2


async def repeat(stream: ServedStream) -> None:
    """Say the same on every stream; the final comes when the audio has ended."""
    await stream.hear(1600)
    await stream.say(partial("it was the best of times", processed_s=0.1))
    await stream.hear_all()
    await stream.say(final("It was the best of times.", processed_s=stream.heard_s))


async def test_the_keyring_is_asked_once_for_both(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[EndpointSettings] = []

    async def find(server: EndpointSettings) -> Endpoint:
        asked.append(server)
        await asyncio.sleep(0)
        return server_endpoint(server)

    monkeypatch.setattr("captioner.session.endpoints.endpoint_with_key", find)
    async with serve_riva(echo_progress) as server, conversation(server, Room()) as watcher:
        await until(lambda: len(server.streams) == 2)
        await watcher.session.stop()
    assert len(asked) == 1


@pytest.mark.parametrize("is_wanted", [True, False])
async def test_an_echo_appears_once_if_that_is_wanted(*, is_wanted: bool) -> None:
    room = Room()
    captions = CaptionSettings(suppress_echo=is_wanted)
    async with (
        serve_riva(repeat) as server,
        conversation(server, room, captions=captions) as watcher,
    ):
        await until(lambda: room.microphones and room.systems)
        room.system.speak(0.1, begun_at=1000.0)
        await until(lambda: any(found.channel == "Others" for found in watcher.captions))
        room.microphone.speak(0.1, begun_at=1000.1)
        await until(lambda: any(len(stream.pcm) > 0 for stream in server.streams[1:]))
        stopping = asyncio.create_task(watcher.session.stop())
        clock = watcher.session._clock
        assert isinstance(clock, ManualClock)
        await clock.advance_until(stopping.done)
    assert watcher.session.state is S.IDLE
    text = "It was the best of times."
    assert set(said(watcher)) - {("You", "")} == (
        {("Others", text)} if is_wanted else {("Others", text), ("You", text)}
    )
    assert watcher.session.echo == (EchoCount(6, 1) if is_wanted else EchoCount())
