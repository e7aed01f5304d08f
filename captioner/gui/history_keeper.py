"""Keeps what the window captions in the history, as the settings want it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from captioner.gui.bridge import Session
from captioner.gui.live_settings import LiveSettings
from captioner.gui.text.sentences import said
from captioner.settings.models import Settings
from captioner.settings.paths import ProfilePaths

if TYPE_CHECKING:
    from captioner.sinks.history import HistorySink


class HistoryKeeper(QObject):
    """Between a session and the file of its transcripts."""

    _told = Signal(str)

    def __init__(
        self, live: LiveSettings, paths: ProfilePaths, tell: Callable[[str], None]
    ) -> None:
        """Wait for `begin`.

        Args:
            live: The settings; changes of them are followed.
            paths: Where the profile keeps its files.
            tell: Says something to the user.
        """
        super().__init__()
        self._live = live
        self._paths = paths
        self._tell = tell
        self._sink: HistorySink | None = None
        self._let_go: Callable[[], None] = lambda: None
        # The sink speaks on its own thread.
        self._told.connect(self._say)
        live.changed.connect(self._on_settings_changed)

    @property
    def failures(self) -> int:
        """How often it could not be written; what waits is tried again and again."""
        return 0 if self._sink is None else self._sink.failures

    def begin(self) -> None:
        """Look after what is kept already."""
        from captioner.sinks.history import HistorySink  # noqa: PLC0415  # after the first paint

        self._sink = HistorySink(self._live.now, self._paths.data_dir, self._told.emit)

    def listen_to(self, session: Session) -> None:
        """Keep what ``session`` captions from now on."""
        if self._sink is not None:
            self._let_go = session.subscribe(self._sink)

    async def close(self) -> None:
        """Write what waits, and end."""
        self._let_go()
        if self._sink is not None:
            await asyncio.to_thread(self._sink.close)

    def _say(self, text: str) -> None:
        self._tell(said(text))

    def _on_settings_changed(self, _before: Settings, now: Settings) -> None:
        if self._sink is not None:
            self._sink.apply(now)
