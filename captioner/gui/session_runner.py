"""Owns the session of the front end: makes it, and carries out what is asked of it in order."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from captioner.core.counts import EngineCounts, SessionCounts
from captioner.core.errors import CaptionerError
from captioner.core.health import Health, HealthState
from captioner.core.state import SessionState
from captioner.gui.bridge import Session, SessionBridge, SessionFactory
from captioner.gui.faults import fault_text
from captioner.gui.live_settings import LiveSettings
from captioner.gui.tasks import Tasks
from captioner.gui.text.sentences import health_said
from captioner.session.health import of_error
from captioner.settings.models import Settings

_RUNNING: Final = frozenset(
    {SessionState.STARTING, SessionState.STREAMING, SessionState.RECONNECTING}
)


class SessionRunner(QObject):
    """What was asked for first is done before what was asked for next.

    Signals:
        made: There is a session, which has not begun yet; with the `Session`.
        could_not_be_made: There is no session, with the `Health` that says why.
    """

    made = Signal(object)
    could_not_be_made = Signal(object)

    def __init__(
        self, make_session: SessionFactory, live: LiveSettings, bridge: SessionBridge, tasks: Tasks
    ) -> None:
        """Prepare; a session is made by the first `start`.

        Args:
            make_session: Called once, unless it fails.
            live: Where the settings come from; a change of them is handed on.
            bridge: Re-emits what the session tells.
            tasks: The owner of what runs.
        """
        super().__init__()
        self._make_session = make_session
        self._live = live
        self._bridge = bridge
        self._tasks = tasks
        self._order = asyncio.Lock()
        self._session: Session | None = None
        self._failure: Health | None = None
        live.changed.connect(self._on_settings_changed)

    @property
    def session(self) -> Session | None:
        """The session; None before it was made."""
        return self._session

    @property
    def health(self) -> Health:
        """Why there are, or are not, captions right now, in the language of the windows."""
        if self._session is not None:
            return health_said(self._session.health)
        starting = Health(HealthState.STARTING, "Captions are starting.")
        return self._failure or health_said(starting)

    @property
    def is_running(self) -> bool:
        """Whether captions are wanted now, come they or not."""
        return self._session is not None and self._session.state in _RUNNING

    def read_counts(self) -> SessionCounts | None:
        """Return what the session has counted; None before it was made."""
        return None if self._session is None else self._session.counts

    def read_engine(self) -> EngineCounts | None:
        """Return what the embedded engine has counted; None while there is none."""
        return None if self._session is None else self._session.engine_counts

    def take_paint(self, waited_s: float) -> None:
        """Note that words were painted so many seconds after they had come."""
        if self._session is not None:
            self._session.note_painted(waited_s)

    def start(self) -> asyncio.Task[None]:
        """Begin captions, with a session that is made when there is none yet."""
        return self._ask(self._start(), "start")

    def stop(self) -> None:
        """End captions in order; the last words are kept."""
        if (session := self._session) is not None:
            self._ask(session.stop(), "stop")

    def toggle(self) -> None:
        """Stop captions that run, start them otherwise."""
        if self.is_running:
            self.stop()
        else:
            self.start()

    def reopen(self) -> None:
        """Open what is heard once more, because the user chose it once more."""
        if (session := self._session) is not None:
            audio = self._live.now.audio
            self._ask(session.set_source(audio.source, audio.device), "reopen")

    def follow_keys(self) -> None:
        """Use the keys as they are kept now; captions that failed are tried again with them."""
        if (session := self._session) is None:
            return
        if session.state is SessionState.FAILED:
            self.start()
        else:
            self._ask(session.apply(self._live.now), "apply-keys")

    async def close(self) -> None:
        """Stop, and end the session."""
        if self._session is not None:
            await self._session.close()
        self._bridge.let_go()

    def _ask(self, command: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return self._tasks.start(self._in_order(command), name=name)

    async def _in_order(self, command: Coroutine[Any, Any, None]) -> None:
        async with self._order:
            await command

    async def _start(self) -> None:
        if self._session is None:
            try:
                session = await self._make_session(self._live.now)
            except CaptionerError as error:
                self._fail(health_said(of_error(HealthState.FAILED, error)))
                raise
            except Exception:
                self._fail(Health(HealthState.FAILED, fault_text()))
                raise
            self._session = session
            self._bridge.listen_to(session)
            self.made.emit(session)
        await self._session.start()

    def _fail(self, health: Health) -> None:
        self._failure = health
        self.could_not_be_made.emit(health)

    def _on_settings_changed(self, _before: Settings, now: Settings) -> None:
        if (session := self._session) is not None:
            self._ask(session.apply(now), "apply-settings")
