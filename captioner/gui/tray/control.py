"""Joins the menu and the tray icon with the rest of the front end."""

from __future__ import annotations

import asyncio
import logging

from PySide6.QtCore import QObject, QPoint, Signal

from captioner.core.errors import CaptionerError
from captioner.core.health import Health
from captioner.gui.commands import Command
from captioner.gui.desk import Desk
from captioner.gui.tray.icon import Tray
from captioner.gui.tray.menu import AppMenu
from captioner.gui.tray.spoken import known_languages
from captioner.settings.models import Settings

logger = logging.getLogger(__name__)


class Control(QObject):
    """What steers the program from outside its windows.

    Signals:
        overlay_wanted: The overlay is to be shown (True) or hidden.
        past_wanted: The transcripts that are kept are to be shown.
        page_wanted: The settings are to be opened at a page.
    """

    overlay_wanted = Signal(bool)
    past_wanted = Signal()
    page_wanted = Signal(str)

    def __init__(self, desk: Desk) -> None:
        """Show the tray icon, where there is a tray."""
        super().__init__()
        self._desk = desk
        self._asking: asyncio.Task[None] | None = None
        self.menu = AppMenu()
        self.tray = Tray(self.menu.menu)
        self._connect()
        self.menu.show_settings(desk.live.now)

    def popup(self, place: QPoint) -> None:
        """Show the menu at a place on the screen."""
        self.menu.menu.popup(place)

    def show_health(self, health: Health) -> None:
        """Take over how things are."""
        self.tray.show_health(health)
        self.menu.show_health(health)

    def show_held(self, *, is_held: bool) -> None:
        """Take over whether the captions stand still."""
        self.tray.show_held(is_held=is_held)
        self.menu.show_held(is_held=is_held)

    def show_overlay_visible(self, *, visible: bool) -> None:
        """Take over whether the overlay is to be seen."""
        self.menu.show_overlay_visible(visible=visible)

    async def refresh_devices(self) -> None:
        """Offer what can be heard now."""
        self.menu.sources.show_devices(await asyncio.to_thread(self._desk.list_devices))

    def _connect(self) -> None:
        desk, menu = self._desk, self.menu
        menu.menu.aboutToShow.connect(lambda: menu.allow_hiding(allowed=self.tray.is_available))
        menu.start_wanted.connect(desk.runner.start)
        menu.stop_wanted.connect(desk.runner.stop)
        menu.command_wanted.connect(desk.do)
        menu.change_wanted.connect(self._on_change_wanted)
        menu.overlay_wanted.connect(self.overlay_wanted)
        menu.past_wanted.connect(self.past_wanted)
        menu.page_wanted.connect(self.page_wanted)
        menu.sources.aboutToShow.connect(
            lambda: desk.tasks.start(self.refresh_devices(), name="list-devices")
        )
        menu.languages.aboutToShow.connect(self._ask_languages)
        self.tray.clicked.connect(lambda: desk.do(Command.SHOW))
        desk.bridge.state_changed.connect(menu.show_state)
        desk.live.changed.connect(self._on_settings_changed)
        desk.updates.changed.connect(self._show_newer)

    def _on_change_wanted(self, changes: dict[str, object]) -> None:
        before = self._desk.live.now.audio
        self._desk.live.change(changes)
        if "audio.source" in changes and self._desk.live.now.audio == before:
            self._desk.runner.reopen()

    def _on_settings_changed(self, _before: Settings, now: Settings) -> None:
        self.menu.show_settings(now)

    def _show_newer(self) -> None:
        newer = self._desk.updates.newer
        self.menu.show_newer("" if newer is None else newer.version)

    def _ask_languages(self) -> None:
        if self._asking is None or self._asking.done():
            self._asking = self._desk.tasks.start(self._learn_languages(), name="ask-languages")

    async def _learn_languages(self) -> None:
        """Ask the recogniser in use each time: models come and go."""
        asked = self._desk.live.now
        try:
            known = await known_languages(asked)
        except CaptionerError as error:
            # The sentence of health tells of it; the menu has the current language all the same.
            logger.info("the languages of the server are not known: %s", error)
            return
        now = self._desk.live.now
        if now.endpoint == asked.endpoint:
            self.menu.show_languages(known, now)
