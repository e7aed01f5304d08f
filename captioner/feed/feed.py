"""The feed on a thread of its own, so that no client can slow the captions down."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Final

from pydantic import SecretStr

from captioner.core.errors import CaptionerError
from captioner.core.events import CaptionChanged, GapMarked, HealthChanged, SessionEvent
from captioner.feed.hub import Hub
from captioner.feed.server import feed_server
from captioner.settings.feed import FeedSettings
from captioner.telemetry.log_lines import current_tags, tagged
from captioner.telemetry.logs import register_secret
from captioner.web.server import WebAddress

logger = logging.getLogger(__name__)

_QUEUE_LIMIT: Final = 1000
_CLOSE_LIMIT_S: Final = 10.0


class Feed:
    """A listener of a session that serves what it hears.

    Attributes:
        dropped: How many events were dropped because the feed's thread got no time to run.
    """

    def __init__(self, settings: FeedSettings, token: SecretStr) -> None:
        """Prepare; nothing runs before `start`."""
        register_secret(token.get_secret_value())
        self._hub = Hub(settings.replay)
        self._server = feed_server(settings, token, self._hub)
        self._bound: Future[WebAddress] = Future()
        self._events: deque[tuple[SessionEvent | CaptionerError, Mapping[str, object]]] = deque()
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_woken = False
        self._is_over = False
        self._closing = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
        self.dropped = 0

    @property
    def clients(self) -> int:
        """How many clients are connected."""
        return self._hub.clients

    async def start(self) -> WebAddress:
        """Begin to serve.

        Raises:
            CaptionerError: The port cannot be used, or its settings make no sense.
        """
        self._thread.start()
        return await asyncio.wrap_future(self._bound)

    def __call__(self, event: SessionEvent) -> None:
        """Take in one event of the session; never waits."""
        if isinstance(event, CaptionChanged | GapMarked | HealthChanged):
            self._pass_on(event)

    def tell_error(self, error: CaptionerError) -> None:
        """Tell the clients what ended the captions; never waits."""
        self._pass_on(error)

    async def close(self) -> None:
        """Tell the clients that it is over, and free the port."""
        with self._lock:
            self._is_over = True
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._closing.set)
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join, _CLOSE_LIMIT_S)
            if self._thread.is_alive():
                logger.warning("The feed does not finish and is left behind")

    def _pass_on(self, event: SessionEvent | CaptionerError) -> None:
        with self._lock:
            if self._loop is None or self._is_over:
                return
            if len(self._events) >= _QUEUE_LIMIT:
                self._events.popleft()
                self.dropped += 1
            self._events.append((event, current_tags()))  # the feed's loop is no task of ours
            if not self._is_woken:
                self._is_woken = True
                self._loop.call_soon_threadsafe(self._take_all)

    def _take_all(self) -> None:
        with self._lock:
            events = list(self._events)
            self._events.clear()
            self._is_woken = False
        for event, tags in events:
            if isinstance(event, CaptionerError):
                self._hub.take_error(event)
                continue
            with tagged(**tags):
                self._hub.take(event)

    def _run(self) -> None:
        self._bound.set_running_or_notify_cancel()
        try:
            asyncio.run(self._serve())
        except Exception as error:
            if self._bound.done():
                logger.exception("the feed has failed")
            else:
                self._bound.set_exception(error)

    async def _serve(self) -> None:
        address = await self._server.start()
        try:
            with self._lock:
                self._loop = asyncio.get_running_loop()
                if self._is_over:
                    self._closing.set()
            self._bound.set_result(address)
            await self._closing.wait()
            self._take_all()
            await self._hub.drain()
        finally:
            with self._lock:
                self._loop = None
            await self._server.close()
