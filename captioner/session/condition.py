"""How a session is: its state and its health, and everyone who is told of them."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from typing import Final, TypeAlias

from captioner.asr.endpoint import Endpoint
from captioner.core.audio import AudioLevel, SourceCondition, SourceOpened
from captioner.core.clock import Clock
from captioner.core.counts import AudioCounts, ErasureCounts, SessionCounts
from captioner.core.errors import CaptionerError
from captioner.core.events import (
    EndpointHealthChanged,
    EngineChanged,
    HealthChanged,
    LevelChanged,
    SessionEvent,
    SourceChanged,
    StateChanged,
)
from captioner.core.health import EndpointHealth, SessionFigures
from captioner.core.state import SessionState, check_transition
from captioner.session.health import (
    SILENCE_DBFS,
    ChannelInputs,
    HealthInputs,
    endpoint_health,
    judge,
)
from captioner.session.latency import LatencyMeter
from captioner.telemetry.logs import FILE_ONLY

logger = logging.getLogger(__name__)

_LEVEL_INTERVAL_S: Final = 0.1

Listener: TypeAlias = Callable[[SessionEvent], None]


class SessionCondition:
    """Gathers what happens to a session, derives its state and health, and tells the listeners.

    Only the session and its channels change it.

    Attributes:
        endpoint_health: How the server in use is; None where nothing is known of it.
        health: Why there are, or are not, captions right now.
        worst_lag_s: The most seconds of audio that the recogniser was behind in this run.
    """

    def __init__(self, clock: Clock) -> None:
        """Begin idle, with nobody listening."""
        self._clock = clock
        self._listeners: list[Listener] = []
        self._inputs = HealthInputs()
        self._level_told_at: dict[str, float] = {}
        self._engine_told: EngineChanged | None = None
        self._causes: Counter[str] = Counter()
        self._failovers = 0
        self.worst_lag_s = 0.0
        self.endpoint_health: EndpointHealth | None = None
        self.health = judge(self._inputs, clock.now())

    @property
    def state(self) -> SessionState:
        """Where the session stands."""
        return self._inputs.state

    def figures(self, latency: LatencyMeter, lost_ms: int) -> SessionFigures:
        """Return how well captions go, with what is known elsewhere."""
        inputs = self._inputs
        return SessionFigures(
            recogniser=inputs.engine_name,
            latency_ms=latency.newest_ms,
            latency_p95_ms=latency.p95_ms,
            lag_s=inputs.lag_s,
            reconnects=inputs.reconnects,
            lost_ms=lost_ms,
        )

    def counts(self, audio: AudioCounts, erasure: ErasureCounts) -> SessionCounts:
        """Return what was counted over all runs, with what is known elsewhere."""
        causes, lag_s = dict(self._causes), self._inputs.lag_s
        standing_in = int(self._inputs.away_because is not None)
        return SessionCounts(audio, erasure, causes, self._failovers, lag_s, standing_in)

    @property
    def is_recognising(self) -> bool:
        """True while a stream to a recogniser stands."""
        return any(channel.is_connected for channel in self._inputs.channels.values())

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with every event from now on; the returned function ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def emit(self, event: SessionEvent) -> None:
        """Tell every listener, in the order of their subscription."""
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception:
                # One broken listener must not silence the others, nor end the captions.
                logger.exception("A listener failed on %s", type(event).__name__)

    def go(self, state: SessionState) -> None:
        """Move to ``state``; nothing happens when it is there already.

        Raises:
            ValueError: It may not follow the present one.
        """
        if state is self.state:
            return
        check_transition(self.state, state)
        logger.info("Session: %s -> %s", self.state, state)
        self._inputs.state = state
        self.emit(StateChanged(state))
        self.review()

    def begin(self) -> None:
        """Forget the last run and move to STARTING."""
        self._inputs = HealthInputs(state=self.state)
        self._level_told_at = {}
        self._engine_told = None
        self.worst_lag_s = 0.0
        self.endpoint_health = None
        self.go(SessionState.STARTING)

    def review(self) -> None:
        """Judge the health once more, because time has passed."""
        health = judge(self._inputs, self._clock.now())
        if health != self.health:
            self.health = health
            self.emit(HealthChanged(health))
        endpoint = endpoint_health(self._inputs, health)
        if endpoint is not None and endpoint != self.endpoint_health:
            self.endpoint_health = endpoint
            self.emit(EndpointHealthChanged(endpoint))

    def channel_added(self, channel: str) -> None:
        """Note that ``channel`` belongs to the session from now on."""
        self._inputs.channels[channel] = ChannelInputs()

    def channel_ended(self, channel: str) -> None:
        """Note that ``channel`` brings no more audio; the session stops with its last one."""
        self._inputs.channels[channel].has_ended = True
        if all(inputs.has_ended for inputs in self._inputs.channels.values()):
            self.go(SessionState.STOPPING)
        else:
            self._follow()

    def channel_removed(self, channel: str) -> None:
        """Forget ``channel``, which has said its last words."""
        del self._inputs.channels[channel]

    def source_opened(self, channel: str, item: SourceOpened) -> None:
        """Note that a device is being heard."""
        inputs = self._inputs.channels[channel]
        inputs.device_error = None
        inputs.source_kind = item.kind
        inputs.source_name = item.name
        inputs.condition = SourceCondition()
        inputs.quiet_since = None
        inputs.last_audio_at = self._clock.now()
        self.emit(SourceChanged(item.kind, item.name, channel))
        self._follow()

    def source_noted(self, channel: str, condition: SourceCondition) -> None:
        """Note what the system knows of the device that is heard."""
        self._inputs.channels[channel].condition = condition
        self.review()

    def source_lost(self, channel: str, error: CaptionerError) -> None:
        """Note that the device is away, for a while or for good."""
        self._inputs.channels[channel].device_error = error
        self._follow()

    def heard(self, channel: str, level: AudioLevel) -> None:
        """Note that audio of this loudness came in."""
        inputs, now = self._inputs.channels[channel], self._clock.now()
        inputs.last_audio_at = now
        if level.rms_dbfs > SILENCE_DBFS:
            inputs.quiet_since = None
        elif inputs.quiet_since is None:
            inputs.quiet_since = now
        if now - self._level_told_at.get(channel, 0.0) >= _LEVEL_INTERVAL_S:
            self._level_told_at[channel] = now
            self.emit(LevelChanged(level, channel))

    def dropped(self, channel: str, seconds: float) -> None:
        """Note that so many seconds of audio could not be recognised any more."""
        self._inputs.channels[channel].drops.append((self._clock.now(), seconds))

    def lags(self, channel: str, lag_s: float) -> None:
        """Note how many seconds of audio the recogniser is behind."""
        self._inputs.channels[channel].lag_s = lag_s
        self.worst_lag_s = max(self.worst_lag_s, lag_s)

    def connected(self, channel: str, endpoint: Endpoint) -> None:
        """Note that a stream to ``endpoint`` stands."""
        inputs = self._inputs.channels[channel]
        inputs.is_connected = True
        has_stood = bool(self._inputs.engine_name)
        if has_stood and inputs.broken_by is not None:
            self._inputs.reconnects += 1
            self._causes[inputs.broken_by.category] += 1
        self._inputs.probed = None
        inputs.server_error = inputs.broken_by = None
        self._inputs.engine_name = endpoint.title
        self._tell_engine(EngineChanged(endpoint.title, endpoint.is_mock))
        self._follow()

    def stood_in_for(self, error: CaptionerError | None) -> None:
        """Note why the preferred server is not used, or with None that it is again."""
        self._failovers += error is not None
        self._inputs.away_because = error
        self.review()

    def probed(self, health: EndpointHealth) -> None:
        """Note what a probe says of the server in use, to which no stream stands."""
        self._inputs.probed = health
        self.review()

    def interrupted(self, channel: str, error: CaptionerError) -> None:
        """Note that the stream broke."""
        inputs = self._inputs.channels[channel]
        inputs.is_connected = False
        inputs.server_error = error
        inputs.broken_by = inputs.broken_by or error
        inputs.retries.append((self._clock.now(), error))
        self._follow()

    def fail(self, error: CaptionerError) -> None:
        """Move to FAILED because of ``error``, whatever else was wrong at the time."""
        logger.error(
            "Captions failed (%s): %s", error.category, error, exc_info=error, extra=FILE_ONLY
        )
        self._inputs.failure = error
        self.go(SessionState.FAILED)

    def _tell_engine(self, event: EngineChanged) -> None:
        # Each channel connects; who recognises is said once.
        if event != self._engine_told:
            self._engine_told = event
            self.emit(event)

    def _follow(self) -> None:
        """Move to the state that sources and recogniser together call for."""
        if self.state is SessionState.STOPPING:
            return
        channels = [found for found in self._inputs.channels.values() if not found.has_ended]
        if any(channel.works for channel in channels):
            self.go(SessionState.STREAMING)
        elif any(channel.server_error is not None for channel in channels) or (
            self.state is not SessionState.STARTING
            and any(channel.device_error is not None for channel in channels)
        ):
            self.go(SessionState.RECONNECTING)
        self.review()
