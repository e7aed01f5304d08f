"""What befalls a whole session: sleep, a paused machine, another network, a server that is back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import grpc
import pytest

from captioner.asr.endpoint import Endpoint
from captioner.core.audio import SAMPLE_RATE
from captioner.core.events import EngineChanged, GapMarked
from captioner.session.controller import CaptionSession
from captioner.session.network import NetworkWatch, local_address
from captioner.session.wakeup import WakeupDetector
from captioner.settings.endpoints import ConnectionSettings, EndpointSettings
from captioner.settings.models import AudioSettings, CaptionSettings, EngineSettings, Settings
from captioner.settings.recognition import RecognitionSettings
from tests.support.clock import ManualClock
from tests.support.riva_handlers import refuse_key
from tests.support.riva_server import RivaServer, ServedStream, final, partial, serve_riva
from tests.support.scripted_source import ScriptedOpener, ScriptedSource, tone
from tests.support.wait import until
from tests.support.watcher import Watcher

REMOTE = Endpoint("192.0.2.1", 50051)


def test_a_clock_that_runs_is_no_wakeup() -> None:
    clock = ManualClock()
    detector = WakeupDetector(clock)
    for _ in range(100):
        clock.jump(0.5)
        assert detector.look() == 0.0


@pytest.mark.parametrize(("slept_s", "paused_s", "missed_s"), [(3600, 0.5, 3600.5), (0, 7, 7)])
def test_sleep_and_a_pause_are_noticed_once(
    slept_s: float, paused_s: float, missed_s: float
) -> None:
    clock = ManualClock()
    detector = WakeupDetector(clock)
    clock.sleep_computer(slept_s)
    clock.jump(paused_s)

    assert detector.look() == pytest.approx(missed_s)
    assert detector.look() == 0.0


def test_a_short_stall_is_no_wakeup_because_audio_is_held_for_it() -> None:
    clock = ManualClock()
    detector = WakeupDetector(clock)
    clock.jump(4.5)

    assert detector.look() == 0.0


@dataclass
class Network:
    """Own addresses by peer, as the system would tell them."""

    address: str | None = "10.0.0.5"
    asked: list[str] = field(default_factory=list)
    changes: int = 0

    def address_of(self, peer: str) -> str | None:
        self.asked.append(peer)
        return self.address

    def on_change(self) -> None:
        self.changes += 1


@asynccontextmanager
async def watching(endpoint: Endpoint) -> AsyncIterator[tuple[Network, ManualClock]]:
    clock, network = ManualClock(), Network()
    watch = NetworkWatch(
        lambda: endpoint, network.on_change, clock=clock, address_of=network.address_of
    )
    task = asyncio.create_task(watch.watch(), name="test-network")
    try:
        yield network, clock
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_another_own_address_is_another_network() -> None:
    async with watching(REMOTE) as (network, clock):
        await clock.advance_until(lambda: len(network.asked) > 3)
        assert network.changes == 0
        network.address = "10.8.0.2"
        await clock.advance(3.0)
        assert network.changes == 1


async def test_no_network_for_a_while_is_no_change() -> None:
    async with watching(REMOTE) as (network, clock):
        await clock.advance_until(lambda: network.asked)
        network.address = None
        await clock.advance(5.0)
        network.address = "10.0.0.5"
        await clock.advance(5.0)
        assert network.changes == 0
        network.address = None
        await clock.advance(5.0)
        network.address = "10.0.0.6"
        await clock.advance(5.0)
        assert network.changes == 1


async def test_the_own_machine_is_always_reached_the_same_way() -> None:
    async with watching(Endpoint("localhost", 1)) as (network, clock):
        await clock.advance(10.0)
        assert network.asked == []


def test_the_system_tells_the_own_address() -> None:
    assert local_address("127.0.0.1") == "127.0.0.1"
    assert local_address("::1") in {"::1", None}


async def echo(stream: ServedStream) -> None:
    """Say how much was heard, as a partial for each second and a final at the end."""
    async for _ in stream.audio():
        if len(stream.chunks) % 10 == 0:
            await stream.say(partial(f"heard {stream.number}", processed_s=stream.heard_s))
    await stream.say(final(f"Stream {stream.number}.", processed_s=stream.heard_s))


@asynccontextmanager
async def session_of(
    *servers: RivaServer,
    opener: ScriptedOpener,
    clock: ManualClock,
    fallback: bool = False,
    hears: str = "auto",
    function_id: str | None = None,
) -> AsyncIterator[Watcher]:
    settings = Settings(
        audio=AudioSettings(source=hears),
        endpoints=tuple(
            EndpointSettings(
                host="127.0.0.1",
                port=server.port,
                name=f"server {number}",
                function_id=None if number else function_id,
            )
            for number, server in enumerate(servers)
        ),
        connection=ConnectionSettings(
            retry_delay_s=0.01, fail_over_after=2, embedded_fallback=fallback
        ),
        captions=CaptionSettings(quiet_gap_s=30.0),
        engine=EngineSettings(backend="mock"),
    )
    session = CaptionSession(settings, opener=opener, patient=True, clock=clock)
    watcher = Watcher(session)
    await session.start()
    try:
        yield watcher
    finally:
        await session.close()


async def test_after_sleep_device_and_stream_are_opened_anew_and_the_gap_is_told() -> None:
    clock, source, again = ManualClock(), ScriptedSource(), ScriptedSource()
    opener = ScriptedOpener(source, again)
    async with (
        serve_riva(echo) as server,
        session_of(server, opener=opener, clock=clock) as watcher,
    ):
        source.speak(1.0)
        await clock.advance_until(lambda: watcher.has_shown("heard 0"))
        clock.sleep_computer(3 * 3600)
        before = clock.now()
        await clock.advance_until(lambda: len(server.streams) == 2 and len(opener.asked) == 2)
        assert clock.now() - before <= 3.0
        (gap,) = [event.gap for event in watcher.events if isinstance(event, GapMarked)]
        assert gap.reason == "The computer slept for 3 hours."
        again.speak(1.0)
        await until(lambda: server.streams[1].heard_samples == SAMPLE_RATE)
    assert server.streams[1].pcm == tone(0, SAMPLE_RATE), "nothing from before is heard again"
    assert watcher.finals == ["heard 0", "Stream 1."]


async def test_a_file_has_missed_nothing_while_the_computer_slept() -> None:
    clock, source = ManualClock(), ScriptedSource(kind="file", name="talk.wav")
    opener = ScriptedOpener(source)
    async with (
        serve_riva(echo) as server,
        session_of(server, opener=opener, clock=clock, hears="file:talk.wav") as watcher,
    ):
        source.speak(1.0)
        await clock.advance_until(lambda: watcher.has_shown("heard 0"))
        clock.sleep_computer(3 * 3600)
        await clock.advance_until(lambda: len(server.streams) == 2)
        source.speak(1.0)
        await until(lambda: server.streams[1].heard_samples == 2 * SAMPLE_RATE)
    assert len(opener.asked) == 1, "it is not played from its beginning"
    assert server.streams[1].pcm == tone(0, 2 * SAMPLE_RATE)
    assert not [event for event in watcher.events if isinstance(event, GapMarked)]


async def test_a_hosted_function_gets_the_captions_back_though_it_lists_nothing() -> None:
    clock, source = ManualClock(), ScriptedSource()
    works = False

    async def first(stream: ServedStream) -> None:
        if not works:
            await stream.abort(grpc.StatusCode.UNAVAILABLE)
        await echo(stream)

    async with (
        serve_riva(first, models=None, status=None) as hosted,
        serve_riva(echo) as second,
        session_of(
            hosted, second, opener=ScriptedOpener(source), clock=clock, function_id="f1"
        ) as watcher,
    ):
        source.speak(1.0)
        await clock.advance_until(lambda: watcher.has_shown("heard 0"))
        works = True
        source.speak(0.5)
        await clock.advance_until(lambda: len(hosted.streams) == 3)
        await until(lambda: hosted.streams[2].heard_samples == 24_000)
    assert watcher.finals == ["Stream 2."]


async def test_a_server_that_fails_hands_over_and_gets_the_captions_back() -> None:
    clock, source = ManualClock(), ScriptedSource()
    works = False

    async def first(stream: ServedStream) -> None:
        if not works:
            await stream.abort(grpc.StatusCode.UNAVAILABLE)
        await echo(stream)

    async with (
        serve_riva(first) as preferred,
        serve_riva(echo) as second,
        session_of(preferred, second, opener=ScriptedOpener(source), clock=clock) as watcher,
    ):
        source.speak(1.0)
        await clock.advance_until(lambda: watcher.has_shown("heard 0"))
        assert len(preferred.streams) == 2
        assert second.streams[0].pcm == tone(0, SAMPLE_RATE)
        assert watcher.session.counts.standing_in == 1
        works = True
        source.speak(0.5)
        # The preferred server is ready, but the utterance is not over.
        await clock.advance_until(lambda: len(preferred.streams) == 3)
        await until(lambda: preferred.streams[2].heard_samples == 24_000)
        assert preferred.streams[2].pcm == tone(0, 24_000), "all of it is heard again there"
    engines = [event.name for event in watcher.events if isinstance(event, EngineChanged)]
    assert engines == ["server 1", "server 0"]
    assert watcher.finals == ["Stream 2."]
    assert watcher.session.counts.standing_in == 0


async def test_the_embedded_engine_is_the_last_resort() -> None:
    clock, source = ManualClock(), ScriptedSource()

    async with (
        serve_riva(refuse_key) as server,
        session_of(server, opener=ScriptedOpener(source), clock=clock, fallback=True) as watcher,
    ):
        source.speak(0.5)
        await clock.advance_until(
            lambda: any(isinstance(event, EngineChanged) for event in watcher.events), limit_s=30.0
        )
        assert len(server.streams) == 1, "a refused key is not tried again"
        assert watcher.session.counts.failovers == 1
    (engine,) = [event for event in watcher.events if isinstance(event, EngineChanged)]
    assert engine.is_mock


async def test_other_settings_are_used_from_the_next_pause_on() -> None:
    clock, source = ManualClock(), ScriptedSource()
    async with (
        serve_riva(echo) as old,
        serve_riva(echo) as new,
        session_of(old, opener=ScriptedOpener(source), clock=clock) as watcher,
    ):
        source.speak(0.5)
        await clock.advance_until(lambda: old.streams and old.streams[0].heard_samples == 8000)
        settings = Settings(
            endpoints=(EndpointSettings(host="127.0.0.1", port=new.port, name="new"),),
            recognition=RecognitionSettings(language="de-DE"),
        )
        await watcher.session.apply(settings)
        await clock.advance_until(lambda: new.streams and new.streams[0].heard_samples == 8000)
        assert new.streams[0].pcm == tone(0, 8000), "nothing is lost"
        config = new.streams[0].config
        assert config is not None
        assert config.config.language_code == "de-DE"
    assert len(old.streams) == 1
    assert watcher.finals == ["Stream 0."]
