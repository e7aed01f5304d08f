"""The caption session: the only owner of its state, and what front ends talk to.

Everything here runs on one asyncio loop. A session has a channel for each source that it hears
(`captioner.session.pipeline`): audio goes from the source into the recogniser's buffer, hypotheses
come back, become segments and go to the listeners. A stop is ordered: the sources are closed, what
they still hold is sent, the recogniser gives its last words, an unfinished caption is made final,
and only then is the session idle.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Container, Sequence
from typing import Final

from captioner.asr.tap import StreamTap
from captioner.audio.factory import open_source
from captioner.core.audio import SAMPLE_RATE, samples_to_ms
from captioner.core.clock import Clock, SystemClock
from captioner.core.counts import EngineCounts, SessionCounts
from captioner.core.errors import CaptionerError
from captioner.core.health import Health, SessionFigures
from captioner.core.state import SessionState
from captioner.session.axis import ClockAxis
from captioner.session.captions import CaptionTracks
from captioner.session.channel_set import ChannelSet
from captioner.session.channels import channel_sources, echo_filters
from captioner.session.condition import Listener, SessionCondition
from captioner.session.echo import ChannelFilter, EchoCount
from captioner.session.embedded import EmbeddedEngine
from captioner.session.endpoint_monitor import EndpointMonitor
from captioner.session.endpoints import (
    candidate_traits,
    log_insecurities,
    session_candidates,
    session_route,
)
from captioner.session.engine_process import EngineProcess
from captioner.session.guard import SessionGuard
from captioner.session.latency import LatencyMeter
from captioner.session.pipeline import ChannelPipeline
from captioner.session.recognition import (
    endurance,
    new_recogniser,
    recognition_options,
    replacements,
)
from captioner.session.run_log import RunLog
from captioner.session.sources import SourceOpener, SourceSwitch
from captioner.settings.models import AudioSettings, Settings
from captioner.settings.secrets import key_changes
from captioner.telemetry.logs import FILE_ONLY

logger = logging.getLogger(__name__)

_CAPTIONING: Final = frozenset(
    {SessionState.STARTING, SessionState.STREAMING, SessionState.RECONNECTING}
)
_STOP_MARGIN_S: Final = 2.0


class CaptionSession:
    """One run of captions, which can be started and stopped many times.

    Attributes:
        error: What ended it, unless it was stopped or has ended by itself.
        echo: What this run has left out of the microphone's captions as an echo.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        realtime: bool = True,
        patient: bool = False,
        opener: SourceOpener | None = None,
        engine: EmbeddedEngine | None = None,
        started: EngineProcess | None = None,
        tap: StreamTap | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Prepare a session; nothing is opened before `start`.

        Args:
            settings: A snapshot; `apply` exchanges it.
            realtime: False reads a file as fast as the recogniser can follow.
            patient: True keeps trying for a device or a server that is not there, as a window
                does; False gives up after a while, as a command does.
            opener: Makes the audio source; tests pass their own.
            engine: An embedded engine that several sessions share, closed by its owner; None makes
                one that this session owns.
            started: A process of the engine that was started ahead of time, for this session's own.
            tap: Listens to the messages of each stream, for measurements.
            clock: Time; tests pass their own.
        """
        self._settings = settings
        self._tap = tap
        self._realtime = realtime
        self._patient = patient
        self._clock = clock or SystemClock()
        self._audio = settings.audio
        self._opener = opener or (
            lambda audio: open_source(audio, realtime=realtime, wait_for_device=patient)
        )
        self._owns_engine = engine is None
        self._engine = engine or EmbeddedEngine(settings.engine, started=started)
        self._task: asyncio.Task[None] | None = None
        self._condition = SessionCondition(self._clock)
        self._latency = LatencyMeter(self._clock)
        self._condition.subscribe(self._latency.take)
        self._run_log = RunLog(self._clock)
        self._condition.subscribe(self._run_log.take)
        self._tracks = CaptionTracks(settings.captions.stability, replacements(settings))
        self._channels = ChannelSet(self._condition)
        self._changing = asyncio.Lock()
        self._keys = key_changes()
        self.echo = EchoCount()
        self.error: CaptionerError | None = None

    @property
    def state(self) -> SessionState:
        """Where the session stands."""
        return self._condition.state

    @property
    def health(self) -> Health:
        """Why there are, or are not, captions right now."""
        return self._condition.health

    @property
    def figures(self) -> SessionFigures:
        """How well captions go, in numbers."""
        return self._condition.figures(self._latency, self.lost_ms)

    @property
    def counts(self) -> SessionCounts:
        """What was counted over all runs."""
        return self._condition.counts(self._channels.counts, self._tracks.erasure)

    @property
    def engine_counts(self) -> EngineCounts | None:
        """What the embedded engine has counted; None while it does not run."""
        return self._engine.counts

    @property
    def engine(self) -> EmbeddedEngine:
        """The embedded engine, running or not."""
        return self._engine

    @property
    def lost_ms(self) -> int:
        """Audio of this run that no recogniser heard, in milliseconds of all channels."""
        return samples_to_ms(self._channels.lost_samples)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with every event from now on, in order, on the loop's thread.

        Returns:
            A function that ends the subscription.
        """
        return self._condition.subscribe(listener)

    def note_painted(self, waited_s: float) -> None:
        """Take in that words were painted so many seconds after they had come, for the log."""
        self._run_log.painted(waited_s)

    async def start(self) -> None:
        """Begin captioning. Returns at once; events and `wait` tell how it goes."""
        if self._task is not None and not self._task.done():
            return
        self.error = None
        self._run_log.begin(self.counts)
        with self._run_log.lines():
            self._begin()

    def _begin(self) -> None:
        self._keys = key_changes()
        self._channels.begin()
        self._latency.reset()
        log_insecurities(self._settings)
        self.echo = EchoCount()
        self._condition.begin()
        sources = channel_sources(self._audio)
        failover = self._failover = session_route(
            self._settings,
            self._engine,
            clock=self._clock,
            is_live=self._realtime,
            channels=len(sources),
            on_return=self._channels.renew,
            on_away=self._condition.stood_in_for,
        )
        self._route = EndpointMonitor(failover, self._condition, clock=self._clock)
        self._add_channels(sources)
        guard = SessionGuard(
            failover,
            self._route,
            renew=self._channels.renew,
            recover=self._channels.recover,
            clock=self._clock,
        )
        self._task = asyncio.create_task(self._run(guard), name="caption-session")

    async def stop(self) -> None:
        """End in order; the last words are kept. Returns when the session is idle."""
        if self._task is None or self._task.done():
            if self.state is SessionState.FAILED:
                self._condition.go(SessionState.IDLE)
            return
        with self._run_log.lines():
            self._condition.go(SessionState.STOPPING)
        await self._stop_channels([*self._channels])
        await asyncio.wait({self._task})

    async def close(self) -> None:
        """Stop, and end the embedded engine if it is this session's own."""
        await self.stop()
        if self._owns_engine:
            await self._engine.close()

    async def wait(self) -> None:
        """Wait until the session has ended by itself or by `stop`.

        Raises:
            CaptionerError: It ended because of this.
        """
        if self._task is not None:
            await asyncio.wait({self._task})
        if self.error is not None:
            raise self.error

    async def set_source(self, source: str, device: str | None = None) -> None:
        """Hear something else from now on; what was said before is kept.

        Args:
            source: As in `AudioSettings.source`.
            device: Name of the output or microphone; None follows the system's default. With
                "both" the settings name the two.
        """
        change = {"source": source, "device": device}
        await self._hear(AudioSettings.model_validate(self._audio.model_dump() | change))

    async def apply(self, settings: Settings) -> None:
        """Let other settings hold; nothing is lost by it, and no final is changed.

        Sources and the way captions are shown and written change at once, servers and what is
        asked of them in the next pause in speech, and the limits of a stream with the next one.

        Args:
            settings: All but ``engine`` is used: its process is what it was started as. Keys that
                were kept or forgotten since are followed too, also where the settings are the same.
        """
        before, self._settings = self._settings, settings
        self._follow_captions(before)
        if self.state in _CAPTIONING:
            self._follow_servers(before)
        if settings.audio != self._audio:
            await self._hear(settings.audio)

    async def _hear(self, audio: AudioSettings) -> None:
        self._audio = audio
        async with self._changing:
            if self.state in _CAPTIONING:
                with self._run_log.lines():
                    await self._change_channels(channel_sources(self._audio))

    def _follow_captions(self, before: Settings) -> None:
        captions = self._settings.captions
        self._tracks.follow(captions.stability, replacements(self._settings))
        for channel in self._channels:
            channel.quiet_gap_s = captions.quiet_gap_s
        if captions.suppress_echo != before.captions.suppress_echo:
            filters = self._echo_filters(self._channels.names)
            for channel in self._channels:
                channel.filter_with(filters.get(channel.name) or ChannelFilter())

    def _follow_servers(self, before: Settings) -> None:
        settings = self._settings
        self._failover.bear(settings.connection.fail_over_after * len(self._channels))
        keys, self._keys = self._keys, key_changes()
        others = candidate_traits(settings, self._engine) != candidate_traits(before, self._engine)
        if others or keys != self._keys:
            if settings.endpoints != before.endpoints:
                log_insecurities(settings)
            self._failover.replace(
                session_candidates(settings, self._engine, is_live=self._realtime)
            )
            self._channels.renew()
        for channel in self._channels:
            channel.configure(
                recognition_options(settings), endurance(settings, patient=self._patient)
            )

    def _echo_filters(self, channels: Container[str]) -> dict[str, ChannelFilter]:
        is_wanted = self._settings.captions.suppress_echo
        return echo_filters(channels, self.echo) if is_wanted else {}

    async def _change_channels(self, wanted: dict[str, AudioSettings]) -> None:
        present = self._channels.wanted
        if {channel.name for channel in present} == set(wanted):
            # What is chosen once more is opened once more.
            changed = [c for c in present if c.hears != wanted[c.name]] or present
            await asyncio.gather(*(c.switch(wanted[c.name]) for c in changed))
            return
        # The new ones begin at once, while the old ones still wait for their last words.
        self._channels.let_go(present)
        self._add_channels(wanted)
        await self._stop_channels(present)

    async def _stop_channels(self, channels: Sequence[ChannelPipeline]) -> None:
        limit_s = self._settings.connection.drain_timeout_s + _STOP_MARGIN_S
        await asyncio.gather(*(channel.stop(limit_s) for channel in channels))

    async def _run(self, guard: SessionGuard) -> None:
        watching = asyncio.create_task(guard.run(), name="session-guard")
        watching.add_done_callback(_tell_of_fault)
        try:
            await self._channels.wait()
        finally:
            watching.cancel()
            await self._channels.cancel()
            await asyncio.wait({watching})
            self.error = self._channels.error
            if self.echo.words:
                said = "Echo left out of the microphone's captions: %d words, %d whole utterances"
                logger.info(said, self.echo.words, self.echo.utterances)
            worst_lag_s = self._condition.worst_lag_s
            self._run_log.end(self.figures, self.counts, self.error, worst_lag_s=worst_lag_s)
            if self.error is None:
                self._condition.go(SessionState.STOPPING)
                self._condition.go(SessionState.IDLE)
            else:
                self._condition.fail(self.error)

    def _add_channels(self, wanted: dict[str, AudioSettings]) -> None:
        """Start a channel for each source; several share one scale, which the clock sets."""
        start, captions = self._channels.heard_until, self._settings.captions
        origin_s = self._clock.now() - start / SAMPLE_RATE
        filters = self._echo_filters(wanted)
        for name, audio in wanted.items():
            channel = ChannelPipeline(
                audio,
                SourceSwitch(self._opener, audio, start=start),
                new_recogniser(
                    self._settings,
                    self._route,
                    clock=self._clock,
                    patient=self._patient,
                    tap=self._tap,
                ),
                self._tracks.of(name),
                self._condition,
                clock=self._clock,
                quiet_gap_s=captions.quiet_gap_s,
                realtime=self._realtime,
                axis=ClockAxis(origin_s, start=start) if len(wanted) > 1 else None,
                filter_=filters.get(name),
            )
            self._channels.add(channel)


def _tell_of_fault(task: asyncio.Task[None]) -> None:
    """Log what ended a task that is to run until it is cancelled; captions go on without it."""
    if not task.cancelled() and (fault := task.exception()) is not None:
        logger.critical("Nobody looks after the session any more", exc_info=fault, extra=FILE_ONLY)
