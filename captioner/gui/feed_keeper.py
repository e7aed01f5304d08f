"""Serves what the window captions to other programs, as the settings want it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from captioner.core.errors import CaptionerError
from captioner.core.events import SessionEvent
from captioner.gui.bridge import Session
from captioner.gui.live_settings import LiveSettings
from captioner.gui.tasks import Tasks
from captioner.gui.text.sentences import said
from captioner.settings.feed import FeedSettings
from captioner.settings.models import Settings
from captioner.settings.secrets import SecretStore
from captioner.settings.web_tokens import FEED, renew_web_token, web_token

if TYPE_CHECKING:
    from captioner.feed.feed import Feed


class FeedKeeper(QObject):
    """Between a session and the feed, which comes and goes with the settings.

    Attributes:
        address: Of the page, with its token; empty while nothing is served.
        failures: How often it was wanted and could not be served.
        trouble: Why nothing is served although it is wanted, in the language of the windows.
        lasts: Whether the address is the same at the next start.
        can_renew: Whether the token is ours to change.

    Signals:
        changed: One of these is another.
    """

    changed = Signal()

    def __init__(self, live: LiveSettings, tasks: Tasks, tell: Callable[[str], None]) -> None:
        """Wait for `begin`.

        Args:
            live: The settings; changes of them are followed.
            tasks: The owner of what runs.
            tell: Says something to the user.
        """
        super().__init__()
        self._live = live
        self._tasks = tasks
        self._tell = tell
        self._order = asyncio.Lock()
        self._feed: Feed | None = None
        self._followed: FeedSettings | None = None
        self._has_begun = False
        self._let_go: Callable[[], None] = lambda: None
        self.address = ""
        self.failures = 0
        self.trouble = ""
        self.lasts = True
        self.can_renew = not os.environ.get(FEED.variable)
        live.changed.connect(self._on_settings_changed)

    @property
    def clients(self) -> int:
        """How many are connected."""
        return 0 if self._feed is None else self._feed.clients

    def begin(self) -> None:
        """Serve, if it is wanted."""
        self._has_begun = True
        if self._live.now.feed.is_on:
            self._tasks.start(self._follow(), name="follow-feed")

    def listen_to(self, session: Session) -> None:
        """Serve what ``session`` captions from now on."""
        self._let_go = session.subscribe(self._pass_on)

    def renew(self) -> None:
        """Make another token: the address so far leads nowhere any more."""
        self._tasks.start(self._renew(), name="renew-feed-token")

    async def close(self) -> None:
        """Tell the clients that it is over."""
        self._let_go()
        await self._stop()

    def _pass_on(self, event: SessionEvent) -> None:
        if self._feed is not None:
            self._feed(event)

    def _on_settings_changed(self, before: Settings, now: Settings) -> None:
        if self._has_begun and now.feed != before.feed:
            self._tasks.start(self._follow(), name="follow-feed")

    async def _follow(self) -> None:
        async with self._order:
            now = self._live.now.feed
            wanted = now if now.is_on else None
            if wanted != self._followed:
                await self._serve(wanted)

    async def _renew(self) -> None:
        async with self._order:
            await renew_web_token(SecretStore(), FEED)
            await self._serve(self._followed)

    async def _serve(self, wanted: FeedSettings | None) -> None:
        self._followed = wanted
        await self._stop()
        if wanted is None:
            return
        make = await asyncio.to_thread(_import_feed)
        try:
            token = await web_token(SecretStore(), FEED)
            feed = self._feed = make(wanted, token.token)
            self.address = (await feed.start()).page_url(token.token)
            self.lasts = token.lasts and wanted.port != 0
        except CaptionerError as error:
            self._feed = None
            self.failures += 1
            self.trouble = " ".join(said(text) for text in (error.message, error.hint) if text)
            self._tell(said(error.message))
        self.changed.emit()

    async def _stop(self) -> None:
        feed, self._feed = self._feed, None
        self.address = self.trouble = ""
        if feed is not None:
            await feed.close()
        self.changed.emit()


def _import_feed() -> type[Feed]:
    from captioner.feed.feed import Feed  # noqa: PLC0415  # only where it is wanted; takes a while

    return Feed
