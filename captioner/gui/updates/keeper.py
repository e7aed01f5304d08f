"""Looks for a newer version once a day, if that is wanted, and never before captions ran."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from captioner import __version__
from captioner.core.errors import CaptionerError
from captioner.core.state import SessionState
from captioner.gui.bridge import SessionBridge
from captioner.gui.live_settings import LiveSettings
from captioner.settings.models import Settings
from captioner.settings.paths import ProfilePaths
from captioner.settings.secrets import off_the_loop

if TYPE_CHECKING:
    from captioner.gui.updates.last_look import LastLook
    from captioner.gui.updates.published import Published

logger = logging.getLogger(__name__)

_WAIT_S: Final = 60.0
_SEE_AGAIN_S: Final = 3600.0
_LIMIT_S: Final = 30.0


class UpdateKeeper(QObject):
    """What is known of newer versions.

    Signals:
        changed: `newer` may be another.
    """

    changed = Signal()

    def __init__(
        self,
        live: LiveSettings,
        paths: ProfilePaths,
        bridge: SessionBridge,
    ) -> None:
        """Wait for `run`.

        Args:
            live: The settings; changes of them are followed.
            paths: Where the profile keeps its files.
            bridge: Tells when captions run.
        """
        super().__init__()
        self._live = live
        self._data_dir = paths.data_dir
        self._captions_ran = asyncio.Event()
        self._is_wanted = asyncio.Event()
        self._last: LastLook | None = None
        bridge.state_changed.connect(self._on_state_changed)
        live.changed.connect(self._on_settings_changed)
        self._follow(live.now)

    @property
    def newer(self) -> Published | None:
        """The newer version that the address in force has named; None where there is none."""
        wanted, last = self._live.now.updates, self._last
        if not wanted.check or last is None or last.url != wanted.url or last.published is None:
            return None
        return last.published if last.published.is_newer_than(__version__) else None

    async def run(self) -> None:
        """Look whenever it is time, until cancelled."""
        await self._captions_ran.wait()
        await self._is_wanted.wait()
        from captioner.gui.updates.last_look import read_last_look  # noqa: PLC0415  # when wanted

        self._last = await asyncio.to_thread(read_last_look, self._data_dir)
        self.changed.emit()
        while True:
            await asyncio.sleep(_WAIT_S)
            await self._is_wanted.wait()
            self._is_wanted.clear()  # a change of the settings sets it: that ends the wait below
            url = self._live.now.updates.url
            if self._last is None or self._last.url != url or not self._last.is_recent():
                await self._look(url)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_SEE_AGAIN_S):
                    await self._is_wanted.wait()
            self._follow(self._live.now)

    async def _look(self, url: str) -> None:
        from captioner.gui.updates.last_look import LastLook  # noqa: PLC0415  # when wanted
        from captioner.gui.updates.published import ask_published  # noqa: PLC0415

        known = self._last.published if self._last is not None and self._last.url == url else None
        try:
            # Before it is asked: whatever comes of it, it is not asked again today.
            await self._keep(LastLook(at=datetime.now(UTC), url=url, published=known))
            async with asyncio.timeout(_LIMIT_S):
                found = await off_the_loop(lambda: ask_published(url))
            await self._keep(LastLook(at=datetime.now(UTC), url=url, published=found))
        except TimeoutError:
            logger.info("no newer version could be looked for: no answer in %.0f s", _LIMIT_S)
        except (CaptionerError, OSError) as error:
            logger.info("no newer version could be looked for: %s", error)
        self.changed.emit()

    async def _keep(self, look: LastLook) -> None:
        from captioner.gui.updates.last_look import write_last_look  # noqa: PLC0415  # when wanted

        self._last = look
        await asyncio.to_thread(write_last_look, self._data_dir, look)

    def _follow(self, now: Settings) -> None:
        if now.updates.check and now.updates.url:
            self._is_wanted.set()
        else:
            self._is_wanted.clear()

    def _on_state_changed(self, state: SessionState) -> None:
        if state is SessionState.STREAMING:
            self._captions_ran.set()

    def _on_settings_changed(self, before: Settings, now: Settings) -> None:
        if now.updates != before.updates:
            self._follow(now)
            self.changed.emit()
