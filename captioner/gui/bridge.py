"""What the front end needs of a session, and its events as Qt signals."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Signal

from captioner.core.counts import EngineCounts, SessionCounts
from captioner.core.events import (
    CaptionChanged,
    EndpointHealthChanged,
    EngineChanged,
    GapMarked,
    HealthChanged,
    LevelChanged,
    SessionEvent,
    SourceChanged,
    StateChanged,
)
from captioner.core.health import EndpointHealth, Health, SessionFigures
from captioner.core.state import SessionState
from captioner.gui.text.sentences import endpoint_health_said, health_said
from captioner.session.engine_process import EngineProcess
from captioner.settings.models import Settings

if TYPE_CHECKING:
    from captioner.session.controller import CaptionSession


class Session(Protocol):
    """The part of `captioner.session.controller.CaptionSession` that a front end uses.

    Events come in order, on the thread of the loop, which is also Qt's.
    """

    @property
    def health(self) -> Health:
        """Why there are, or are not, captions right now."""
        ...

    @property
    def state(self) -> SessionState:
        """Where it stands."""
        ...

    @property
    def figures(self) -> SessionFigures:
        """How well captions go, in numbers."""
        ...

    @property
    def counts(self) -> SessionCounts:
        """What it has counted."""
        ...

    @property
    def engine_counts(self) -> EngineCounts | None:
        """What the embedded engine has counted; None while it does not run."""
        ...

    def subscribe(self, listener: Callable[[SessionEvent], None]) -> Callable[[], None]:
        """Call ``listener`` with each event; the returned function ends that."""
        ...

    def note_painted(self, waited_s: float) -> None:
        """Take in that words were painted so many seconds after they had come."""
        ...

    async def start(self) -> None:
        """Begin captions."""
        ...

    async def stop(self) -> None:
        """End captions in order; the last words are kept."""
        ...

    async def close(self) -> None:
        """Stop, and end what belongs to the session."""
        ...

    async def set_source(self, source: str, device: str | None = None) -> None:
        """Hear something else."""
        ...

    async def apply(self, settings: Settings) -> None:
        """Let other settings hold from the next pause in speech on; nothing is lost by it."""
        ...


SessionFactory = Callable[[Settings], Awaitable[Session]]


async def make_caption_session(
    settings: Settings, *, started: EngineProcess | None = None
) -> Session:
    """Return a real session. Its modules are heavy, so a worker thread imports them.

    Args:
        settings: A snapshot.
        started: The engine's process, where it was started ahead of time.
    """
    session_class = await asyncio.to_thread(_import_session)
    return session_class(settings, patient=True, started=started)


def _import_session() -> type[CaptionSession]:
    from captioner.session.controller import CaptionSession  # noqa: PLC0415  # see above

    return CaptionSession


class SessionBridge(QObject):
    """Re-emits the events of a session as signals, on the main thread.

    What it says of health is in the language of the windows.

    Attributes:
        sources: What is heard, by channel, for a window that opens later.
        endpoint_health: How the server in use is; None where nothing is known.
    """

    state_changed = Signal(object)
    health_changed = Signal(object)
    source_changed = Signal(object)
    level_changed = Signal(object)
    engine_changed = Signal(object)
    endpoint_health_changed = Signal(object)
    caption_changed = Signal(object)
    gap_marked = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        """Begin without a session."""
        super().__init__(parent)
        self._unsubscribe: Callable[[], None] | None = None
        self.sources: dict[str, SourceChanged] = {}
        self.endpoint_health: EndpointHealth | None = None

    def listen_to(self, session: Session) -> None:
        """Re-emit the events of ``session`` from now on."""
        self.let_go()
        self._unsubscribe = session.subscribe(self._on_event)

    def let_go(self) -> None:
        """Re-emit nothing any more."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def _on_event(self, event: SessionEvent) -> None:
        match event:
            case CaptionChanged():
                self.caption_changed.emit(event)
            case LevelChanged():
                self.level_changed.emit(event)
            case StateChanged():
                if event.state is SessionState.STARTING:
                    self.sources, self.endpoint_health = {}, None
                self.state_changed.emit(event.state)
            case HealthChanged():
                self.health_changed.emit(health_said(event.health))
            case SourceChanged():
                # One source has no name; several have one each, and none goes with the other kind.
                kept = {key: each for key, each in self.sources.items() if key and event.channel}
                self.sources = kept | {event.channel: event}
                self.source_changed.emit(event)
            case EngineChanged():
                self.engine_changed.emit(event)
            case EndpointHealthChanged():
                self.endpoint_health = endpoint_health_said(event.health)
                self.endpoint_health_changed.emit(self.endpoint_health)
            case GapMarked():
                self.gap_marked.emit(event)
