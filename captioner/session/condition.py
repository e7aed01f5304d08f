"""How a session is: its state and its health, and everyone who is told of them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, TypeAlias

from captioner.asr.endpoint import Endpoint
from captioner.core.audio import AudioLevel, SourceOpened
from captioner.core.clock import Clock
from captioner.core.errors import CaptionerError
from captioner.core.events import (
    EngineChanged,
    HealthChanged,
    LevelChanged,
    SessionEvent,
    SourceChanged,
    StateChanged,
)
from captioner.core.state import SessionState, check_transition
from captioner.session.health import SILENCE_DBFS, HealthInputs, judge
from captioner.telemetry.logs import FILE_ONLY

logger = logging.getLogger(__name__)

_LEVEL_INTERVAL_S: Final = 0.1

Listener: TypeAlias = Callable[[SessionEvent], None]


class SessionCondition:
    """Gathers what happens to a session, derives its state and health, and tells the listeners.

    Only the session's controller changes it.
    """

    def __init__(self, clock: Clock) -> None:
        """Begin idle, with nobody listening."""
        self._clock = clock
        self._listeners: list[Listener] = []
        self._inputs = HealthInputs()
        self._connected = False
        self._level_told_at = 0.0
        self.health = judge(self._inputs, clock.now())

    @property
    def state(self) -> SessionState:
        """Where the session stands."""
        return self._inputs.state

    @property
    def is_server_away(self) -> bool:
        """True while the recogniser cannot be reached."""
        return self._inputs.server_error is not None

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
        self._connected = False
        self.go(SessionState.STARTING)

    def review(self, *, lag_s: float | None = None) -> None:
        """Judge the health once more, because time has passed or ``lag_s`` is known anew."""
        if lag_s is not None:
            self._inputs.lag_s = lag_s
        health = judge(self._inputs, self._clock.now())
        if health != self.health:
            self.health = health
            self.emit(HealthChanged(health))

    def source_opened(self, item: SourceOpened) -> None:
        """Note that a device is being heard."""
        self._inputs.device_error = None
        self._inputs.source_kind = item.kind
        self._inputs.source_name = item.name
        self._inputs.quiet_since = None
        self._inputs.last_audio_at = self._clock.now()
        self.emit(SourceChanged(item.kind, item.name))
        self._follow()

    def source_lost(self, error: CaptionerError) -> None:
        """Note that the device is away."""
        self._inputs.device_error = error
        self._follow()

    def heard(self, level: AudioLevel) -> None:
        """Note that audio of this loudness came in."""
        now = self._clock.now()
        self._inputs.last_audio_at = now
        if level.rms_dbfs > SILENCE_DBFS:
            self._inputs.quiet_since = None
        elif self._inputs.quiet_since is None:
            self._inputs.quiet_since = now
        if now - self._level_told_at >= _LEVEL_INTERVAL_S:
            self._level_told_at = now
            self.emit(LevelChanged(level))

    def connected(self, endpoint: Endpoint) -> None:
        """Note that a stream to ``endpoint`` stands."""
        self._connected = True
        self._inputs.server_error = None
        self._inputs.engine_name = endpoint.title
        self.emit(EngineChanged(endpoint.title, endpoint.is_mock))
        self._follow()

    def interrupted(self, error: CaptionerError) -> None:
        """Note that the stream broke."""
        self._connected = False
        self._inputs.server_error = error
        self._follow()

    def fail(self, error: CaptionerError) -> None:
        """Move to FAILED because of ``error``, whatever else was wrong at the time."""
        logger.error("Captions failed (%s): %s", error.category, error, extra=FILE_ONLY)
        self._inputs.device_error, self._inputs.server_error = None, error
        self.go(SessionState.FAILED)

    def _follow(self) -> None:
        """Move to the state that source and recogniser together call for."""
        if self.state is SessionState.STOPPING:
            return
        heard = bool(self._inputs.source_kind) and self._inputs.device_error is None
        if self._connected and heard:
            self.go(SessionState.STREAMING)
        elif self.state is not SessionState.STARTING or self._inputs.server_error is not None:
            self.go(SessionState.RECONNECTING)
        self.review()
