"""A session that does what a test says: the front end's own protocol, without audio or engine."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from captioner.core.counts import EngineCounts, SessionCounts
from captioner.core.events import CaptionChanged, HealthChanged, SessionEvent, StateChanged
from captioner.core.health import Health, HealthState, SessionFigures
from captioner.core.segment import Segment
from captioner.core.state import SessionState
from captioner.settings.models import Settings

STOPPED = Health(HealthState.STOPPED, "Captions are stopped.", "Start them from the menu.")
LISTENING = Health(HealthState.LISTENING, "Listening to Speakers.")


class ScriptedSession:
    """Follows commands at once, keeps a note of them, and emits what it is given.

    Attributes:
        commands: What was asked of it, in order, such as ``("set_source", "mic", None)``.
        applied: The settings that it was given while it ran.
        figures: What it says of itself in numbers.
        counts: What it has counted.
        engine_counts: What its engine has; None without one.
        painted: How long words waited for the screen each time, in seconds.
        last_words: Emitted when it is stopped, as a real session's last final.
    """

    def __init__(self) -> None:
        self.state = SessionState.IDLE
        self.health = STOPPED
        self.figures = SessionFigures()
        self.counts = SessionCounts()
        self.engine_counts: EngineCounts | None = None
        self.commands: list[tuple[str | None, ...]] = []
        self.applied: list[Settings] = []
        self.painted: list[float] = []
        self.last_words: CaptionChanged | None = None
        self._listeners: list[Callable[[SessionEvent], None]] = []

    def subscribe(self, listener: Callable[[SessionEvent], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._listeners)

    def emit(self, event: SessionEvent) -> None:
        """Tell all listeners; what it says of itself agrees with it."""
        match event:
            case HealthChanged():
                self.health = event.health
            case StateChanged():
                self.state = event.state
        for listener in tuple(self._listeners):
            listener(event)

    def note_painted(self, waited_s: float) -> None:
        self.painted.append(waited_s)

    async def start(self) -> None:
        self.commands.append(("start",))
        self._become(SessionState.STREAMING, LISTENING)

    async def stop(self) -> None:
        self.commands.append(("stop",))
        if self.last_words is not None:
            self.emit(self.last_words)
        self._become(SessionState.IDLE, STOPPED)

    async def close(self) -> None:
        self.commands.append(("close",))
        await self.stop()

    async def set_source(self, source: str, device: str | None = None) -> None:
        self.commands.append(("set_source", source, device))

    async def apply(self, settings: Settings) -> None:
        self.commands.append(("apply",))
        self.applied.append(settings)

    def _become(self, state: SessionState, health: Health) -> None:
        self.state, self.health = state, health
        self.emit(StateChanged(state))
        self.emit(HealthChanged(health))


def caption(
    segment_id: int, text: str, *, is_final: bool = False, channel: str = ""
) -> CaptionChanged:
    """Return the event that shows ``text`` whole."""
    return CaptionChanged(
        segment=Segment(segment_id, text, is_final, 0, 1000, channel=channel), shown=text
    )


@pytest.fixture
def scripted_session() -> ScriptedSession:
    """One that nobody has started."""
    return ScriptedSession()
