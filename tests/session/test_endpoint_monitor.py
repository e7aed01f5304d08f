"""How the server in use is said to be, from its start over its failures to its return."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc

from captioner.asr.endpoint import Endpoint
from captioner.asr.route import OnlyRoute
from captioner.asr.verdict import EndpointReport
from captioner.core.errors import UnavailableError
from captioner.core.events import EndpointHealthChanged
from captioner.core.health import EndpointState, HealthState
from captioner.core.state import SessionState
from captioner.session.condition import SessionCondition
from captioner.session.controller import CaptionSession
from captioner.session.endpoint_monitor import EndpointMonitor
from captioner.settings.endpoints import ConnectionSettings, EndpointSettings
from captioner.settings.models import Settings
from tests.support.clock import ManualClock
from tests.support.riva_server import RivaServer, ServedStream, partial, serve_riva
from tests.support.scripted_source import ScriptedOpener, ScriptedSource
from tests.support.tcp_server import free_port, http_answer, serve_tcp
from tests.support.wait import until

E = EndpointState


class Told:
    """A session and what it told of its server."""

    def __init__(self, session: CaptionSession) -> None:
        self.session = session
        self.events: list[EndpointHealthChanged] = []
        session.subscribe(self._take)

    def _take(self, event: object) -> None:
        if isinstance(event, EndpointHealthChanged):
            self.events.append(event)

    @property
    def states(self) -> list[EndpointState]:
        """Each state once, in order."""
        return [
            event.health.state
            for before, event in zip([None, *self.events], self.events, strict=False)
            if before is None or before.health.state is not event.health.state
        ]


@asynccontextmanager
async def captioning(
    port: int, source: ScriptedSource, *, http_port: int, clock: ManualClock
) -> AsyncIterator[Told]:
    """Run a session that never gives up."""
    settings = Settings(
        endpoints=(EndpointSettings(host="127.0.0.1", port=port, http_port=http_port),),
        connection=ConnectionSettings(retry_delay_s=0.02, embedded_fallback=False),
    )
    session = CaptionSession(settings, patient=True, opener=ScriptedOpener(source), clock=clock)
    told = Told(session)
    await session.start()
    try:
        yield told
    finally:
        await session.close()


async def answer(stream: ServedStream) -> None:
    async for _ in stream.audio():
        await stream.say(partial("word", processed_s=stream.heard_s))


async def test_a_server_that_starts_is_said_to_start_and_then_to_be_ready() -> None:
    clock, server = ManualClock(), RivaServer(answer)
    server.port = free_port()
    starting = http_answer(503, '{"status":"not ready"}')
    async with (
        serve_tcp(starting) as http_port,
        captioning(server.port, ScriptedSource(), http_port=http_port, clock=clock) as told,
    ):
        await clock.advance_until(lambda: told.states == [E.STARTING])
        health = told.session.health
        assert health.state is HealthState.RECONNECTING
        assert health.sentence == f"127.0.0.1:{server.port} is starting."
        assert "30 minutes" in health.hint
        await server.start()
        try:
            await clock.advance_until(lambda: told.states[-1] is not E.STARTING)
            await clock.advance_until(lambda: told.session.state is SessionState.STREAMING)
            assert set(told.states) <= {E.STARTING, E.DEGRADED, E.READY}
            # It broke while it started, which is said for a minute.
            await clock.advance(61)
            await clock.advance_until(lambda: told.states[-1] is E.READY)
            assert told.session.health.state in {HealthState.LISTENING, HealthState.NO_AUDIO}
        finally:
            await told.session.close()
            await server.stop()


async def test_a_server_that_recognises_is_not_asked() -> None:
    clock, source = ManualClock(), ScriptedSource()
    async with (
        serve_riva(answer) as server,
        captioning(server.port, source, http_port=free_port(), clock=clock) as told,
    ):
        await clock.advance_until(lambda: told.states == [E.READY])
        source.speak(0.5)
        await until(lambda: server.streams and server.streams[0].heard_s == 0.5)
        # An answer that is still on its way would be missed by a clock that runs so fast.
        (channel,) = told.session._channels
        await until(lambda: channel._recogniser.is_answered)
        await clock.advance(120)
        assert server.configs_asked == 0
        assert told.states == [E.READY]


async def test_a_server_that_broke_is_degraded_for_a_minute() -> None:
    async def break_once(stream: ServedStream) -> None:
        if stream.number == 0:
            await stream.hear(1600)
            await stream.abort(grpc.StatusCode.UNAVAILABLE, "restarting")
        await answer(stream)

    clock, source = ManualClock(), ScriptedSource()
    async with (
        serve_riva(break_once) as server,
        captioning(server.port, source, http_port=free_port(), clock=clock) as told,
    ):
        await clock.advance_until(lambda: told.states == [E.READY])
        source.speak(0.5)
        await clock.advance_until(lambda: told.states[-1] is E.DEGRADED)
        degraded = told.events[-1].health
        assert "broke once" in degraded.reason
        assert "restarting" in degraded.reason
        assert degraded.fix
        assert told.session.health.state is HealthState.DEGRADED
        await clock.advance(61)
        await clock.advance_until(lambda: told.states[-1] is E.READY)


async def test_a_server_that_is_gone_is_asked_again_until_it_is_back() -> None:
    clock, server = ManualClock(), RivaServer(answer)
    await server.start()
    async with captioning(
        server.port, ScriptedSource(), http_port=free_port(), clock=clock
    ) as told:
        await clock.advance_until(lambda: told.states == [E.READY])
        await server.stop()
        await clock.advance_until(lambda: told.states[-1] is E.DOWN)
        assert "the connection is refused" in told.session.health.sentence
        assert told.session.health.state is HealthState.RECONNECTING
        await server.start()
        await clock.advance_until(lambda: told.session.state is SessionState.STREAMING)
        await until(lambda: told.states[-1] in {E.DEGRADED, E.READY})
        await told.session.close()
        await server.stop()


SERVER = Endpoint("riva.example", 50051)
ENGINE = Endpoint("127.0.0.1", 1, name="Embedded engine", is_embedded=True)
BROKEN = UnavailableError("It broke.")


@asynccontextmanager
async def monitoring(
    clock: ManualClock, asked: list[Endpoint]
) -> AsyncIterator[tuple[EndpointMonitor, SessionCondition]]:
    """Run a monitor with a prober that finds every server down."""

    async def find_down(endpoint: Endpoint) -> EndpointReport:
        asked.append(endpoint)
        return EndpointReport(endpoint, E.DOWN, "It is down.", "Start it.")

    condition = SessionCondition(clock)
    condition.begin()
    condition.channel_added("")
    monitor = EndpointMonitor(OnlyRoute(SERVER), condition, clock=clock, prober=find_down)
    watch = asyncio.create_task(monitor.watch(), name="test-watch")
    try:
        yield monitor, condition
    finally:
        watch.cancel()
        await asyncio.wait({watch})


async def test_it_is_asked_now_and_then_while_no_stream_stands() -> None:
    clock, asked = ManualClock(), list[Endpoint]()
    async with monitoring(clock, asked) as (monitor, condition):
        assert await monitor.next() == SERVER
        await clock.advance(60)
        assert asked == [], "nothing has failed"
        monitor.failed(SERVER, BROKEN)
        await clock.advance_until(lambda: condition.endpoint_health is not None)
        assert condition.endpoint_health is not None
        assert condition.endpoint_health.state is E.DOWN
        await clock.advance(29)
        assert asked == [SERVER] * 3
        condition.connected("", SERVER)
        await clock.advance(60)
        assert asked == [SERVER] * 3, "a stream stands, though it has not answered yet"
        condition.interrupted("", BROKEN)
        monitor.failed(SERVER, BROKEN)
        await clock.advance_until(lambda: len(asked) == 4)
        monitor.succeeded(SERVER)
        await clock.advance(60)
        assert len(asked) == 4


async def test_the_embedded_engine_and_a_failure_without_an_endpoint_are_not_looked_at() -> None:
    clock, asked = ManualClock(), list[Endpoint]()
    async with monitoring(clock, asked) as (monitor, _):
        monitor.failed(ENGINE, BROKEN)
        monitor.failed(None, BROKEN)
        await clock.advance(60)
    assert asked == []


async def test_an_answer_about_a_server_that_is_no_longer_in_use_is_dropped() -> None:
    clock, asked = ManualClock(), list[Endpoint]()
    async with monitoring(clock, asked) as (monitor, condition):
        monitor.failed(Endpoint("other.example", 1), BROKEN)
        assert await monitor.next() == SERVER
        await clock.advance(60)
        assert condition.endpoint_health is None
    assert asked == []
