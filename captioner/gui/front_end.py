"""Joins a session with the overlay, the menu and the tray icon, from the first paint to the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Final

from PySide6.QtCore import QObject, QPoint

from captioner.core.errors import CaptionerError
from captioner.core.events import EngineChanged, SourceChanged
from captioner.core.health import Health, HealthState
from captioner.gui.bridge import Session, SessionBridge, SessionFactory
from captioner.gui.faults import FAULT_TEXT
from captioner.gui.overlay.window import Overlay
from captioner.gui.settings_writer import SettingsWriter
from captioner.gui.startup import ms_since_start
from captioner.gui.tasks import Tasks
from captioner.gui.tray.icon import Tray
from captioner.gui.tray.menu import AppMenu, Device
from captioner.settings.models import Settings, WindowGeometry

logger = logging.getLogger(__name__)

DeviceLister = Callable[[], Sequence[Device]]

_APPEAR_LIMIT_S: Final = 3.0


class FrontEnd(QObject):
    """The whole of the window side. Make it, `show` it, then await `run`."""

    def __init__(
        self,
        settings: Settings,
        *,
        make_session: SessionFactory,
        list_devices: DeviceLister,
        writer: SettingsWriter,
    ) -> None:
        """Build the overlay; nothing else yet, because it shall be seen at once.

        Args:
            settings: A snapshot.
            make_session: Called once, after the overlay has appeared.
            list_devices: Called in a worker thread whenever the menu of sources opens.
            writer: Remembers place and source.
        """
        super().__init__()
        self._settings = settings
        self._make_session = make_session
        self._list_devices = list_devices
        self._writer = writer
        self._tasks = Tasks()
        self._order = asyncio.Lock()
        self._quit = asyncio.Event()
        self._appeared = asyncio.Event()
        self._session: Session | None = None
        self._bridge = SessionBridge(self)
        self._menu: AppMenu | None = None
        self._tray: Tray | None = None
        self.overlay = Overlay(settings.overlay)
        self.overlay.appeared.connect(self._on_appeared)
        self.overlay.left_at.connect(self._on_left_at)
        self.overlay.view.first_caption_painted.connect(self._on_first_caption)
        self._connect_bridge()

    def show(self) -> None:
        """Let the overlay appear."""
        self.overlay.show()

    def ask_to_quit(self) -> None:
        """Make `run` end in order."""
        self._quit.set()

    def tell(self, text: str) -> None:
        """Say something to the user for a moment."""
        self.overlay.show_notice(text)

    async def run(self) -> None:
        """Caption until the user quits; the last words are kept."""
        self._tasks.start(self._begin(), name="begin")
        try:
            await self._quit.wait()
        finally:
            await self._end()

    async def _begin(self) -> None:
        try:
            async with asyncio.timeout(_APPEAR_LIMIT_S):
                await self._appeared.wait()
        except TimeoutError:
            logger.warning("the overlay has not appeared after %.0f s", _APPEAR_LIMIT_S)
        self._build_menu()
        await self._in_order(self._start())
        await self._refresh_devices()

    async def _start(self) -> None:
        """Start captions, with a session that is made when there is none yet."""
        if self._session is None:
            try:
                session = await self._make_session(self._settings)
            except CaptionerError as error:
                self._show_health(Health(HealthState.FAILED, error.message, error.hint))
                raise
            except Exception:
                self._show_health(Health(HealthState.FAILED, FAULT_TEXT))
                raise
            self._session = session
            self._bridge.listen_to(session)
        await self._session.start()

    async def _stop(self) -> None:
        if self._session is not None:
            await self._session.stop()

    async def _end(self) -> None:
        """Undo everything, in the opposite order."""
        await self._tasks.cancel()
        if self._session is not None:
            await self._session.close()
        self._bridge.let_go()
        self.overlay.flush()
        await self._writer.finish()
        if self._tray is not None:
            self._tray.icon.hide()
        self.overlay.hide()

    def _build_menu(self) -> None:
        menu = self._menu = AppMenu()
        tray = self._tray = Tray(menu.menu)
        audio = self._settings.audio
        menu.show_source(audio.source, audio.device)
        menu.menu.aboutToShow.connect(lambda: menu.allow_hiding(allowed=tray.is_available))
        menu.start_wanted.connect(partial(self._command, self._start, "start"))
        menu.stop_wanted.connect(partial(self._command, self._stop, "stop"))
        menu.source_wanted.connect(self._on_source_wanted)
        menu.overlay_wanted.connect(self._show_overlay)
        menu.arrange_wanted.connect(lambda: self.overlay.set_arranging(True))
        menu.devices_wanted.connect(
            lambda: self._tasks.start(self._refresh_devices(), name="list-devices")
        )
        menu.quit_wanted.connect(self.ask_to_quit)
        tray.clicked.connect(lambda: self._show_overlay(not self.overlay.isVisible()))
        self.overlay.menu_wanted.connect(self._on_menu_wanted)
        self.overlay.close_wanted.connect(self._on_close_wanted)
        self._bridge.state_changed.connect(menu.show_state)

    def _connect_bridge(self) -> None:
        bridge = self._bridge
        bridge.caption_changed.connect(self.overlay.show_caption)
        bridge.gap_marked.connect(self.overlay.show_gap)
        bridge.health_changed.connect(self._show_health)
        bridge.source_changed.connect(self._on_source_changed)
        bridge.engine_changed.connect(self._on_engine_changed)

    def _show_health(self, health: Health) -> None:
        self.overlay.show_health(health)
        if self._tray is not None:
            self._tray.show_health(health)
        if self._menu is not None:
            self._menu.show_health(health)

    def _show_overlay(self, visible: bool) -> None:  # noqa: FBT001  # a slot
        self.overlay.setVisible(visible)
        if self._menu is not None:
            self._menu.show_overlay_visible(visible=visible)

    def _command(self, command: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
        self._tasks.start(self._in_order(command()), name=name)

    async def _in_order(self, command: Coroutine[Any, Any, None]) -> None:
        """Carry out what was asked for first before what was asked for next."""
        async with self._order:
            await command

    async def _refresh_devices(self) -> None:
        devices = await asyncio.to_thread(self._list_devices)
        if self._menu is not None:
            self._menu.show_devices(devices)

    def _on_source_wanted(self, source: str, device: str | None) -> None:
        if self._menu is not None:
            self._menu.show_source(source, device)
        self._writer.change(audio__source=source, audio__device=device)
        if self._session is not None:
            change = partial(self._session.set_source, source, device)
            self._command(change, "set-source")

    def _on_source_changed(self, event: SourceChanged) -> None:
        logger.info("listening to %s: %s", event.kind, event.name)
        self.overlay.show_source(event)

    def _on_engine_changed(self, event: EngineChanged) -> None:
        logger.info("recognising with %s%s", event.name, " (mock)" if event.is_mock else "")
        self.overlay.show_engine(event)

    def _on_menu_wanted(self, place: QPoint) -> None:
        if self._menu is not None:
            self._menu.menu.popup(place)

    def _on_close_wanted(self) -> None:
        if self._tray is not None and self._tray.is_available:
            self._show_overlay(visible=False)
        else:
            self.ask_to_quit()

    def _on_left_at(self, geometry: WindowGeometry) -> None:
        self._writer.change(overlay__geometry=geometry)

    def _on_appeared(self) -> None:
        logger.info("overlay visible %.0f ms after the start of the process", ms_since_start())
        self._appeared.set()

    def _on_first_caption(self) -> None:
        logger.info(
            "first caption painted %.0f ms after the start of the process", ms_since_start()
        )
