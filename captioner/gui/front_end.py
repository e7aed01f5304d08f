"""Joins a session with the overlay, the menu and the tray icon, from the first paint to the end."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QRect

from captioner.core.events import EngineChanged, SourceChanged
from captioner.core.health import Health
from captioner.gui.bridge import SessionBridge, SessionFactory
from captioner.gui.commands import Command
from captioner.gui.desk import Desk, DeviceLister
from captioner.gui.desktop.outcome import carry_out
from captioner.gui.desktop.shortcuts import GlobalShortcuts
from captioner.gui.feed_keeper import FeedKeeper
from captioner.gui.health.last_minutes import LastMinutes
from captioner.gui.history_keeper import HistoryKeeper
from captioner.gui.live_settings import LiveSettings
from captioner.gui.overlay.window import Overlay
from captioner.gui.part_checks import CheckRunner, no_checks
from captioner.gui.session_runner import SessionRunner
from captioner.gui.settings_watch import SettingsWatch
from captioner.gui.settings_writer import SaveSettings, SettingsWriter
from captioner.gui.startup import ms_since_start
from captioner.gui.tasks import Tasks
from captioner.gui.tray.control import Control
from captioner.gui.updates.keeper import UpdateKeeper
from captioner.gui.windows import Windows
from captioner.settings.models import Settings
from captioner.settings.overlay import WindowGeometry
from captioner.settings.paths import ProfilePaths
from captioner.settings.store import LoadedSettings

if TYPE_CHECKING:
    from captioner.gui.desktop.listener import Listener

logger = logging.getLogger(__name__)

_APPEAR_LIMIT_S: Final = 3.0


class FrontEnd(QObject):
    """The whole of the window side. Make it, `show` it, then await `run`."""

    def __init__(
        self,
        loaded: LoadedSettings,
        paths: ProfilePaths,
        *,
        make_session: SessionFactory,
        list_devices: DeviceLister,
        save: SaveSettings,
        run_checks: CheckRunner = no_checks,
    ) -> None:
        """Build the overlay; nothing else yet, because it shall be seen at once.

        Args:
            loaded: The settings, and where they come from.
            paths: Where the profile keeps its files.
            make_session: Called once, after the overlay has appeared.
            list_devices: Called in a worker thread whenever the menu of sources opens.
            save: Writes changed settings; called in a worker thread.
            run_checks: Checks all parts for the diagnostics.
        """
        super().__init__()
        self._tasks = Tasks()
        self._quit = asyncio.Event()
        self._appeared = asyncio.Event()
        self._writer = SettingsWriter(save)
        self._control: Control | None = None
        self._listener: Listener | None = None
        live = LiveSettings(loaded, self._writer)
        bridge = SessionBridge(self)
        runner = SessionRunner(make_session, live, bridge, self._tasks)
        self.overlay = Overlay(live.now.overlay)
        self.desk = Desk(
            live=live,
            bridge=bridge,
            runner=runner,
            paths=paths,
            list_devices=list_devices,
            tasks=self._tasks,
            do=self.do,
            tell=self.overlay.show_notice,
            shortcuts=GlobalShortcuts(self.do, self._tasks),
            feed=FeedKeeper(live, self._tasks, self.overlay.show_notice),
            history=HistoryKeeper(live, paths, self.overlay.show_notice),
            last_minutes=LastMinutes(bridge, runner.read_counts, runner.read_engine),
            updates=UpdateKeeper(live, paths, bridge),
            run_checks=run_checks,
        )
        self._watch = SettingsWatch(live, self._writer, paths, self._tasks)
        self.windows = Windows(self.desk, captions=self._captions_place)
        self._commands = {
            Command.TOGGLE: runner.toggle,
            Command.PAUSE: lambda: self.overlay.set_held(not self.overlay.is_held),
            Command.COPY: self.overlay.copy,
            Command.SHOW: lambda: self._show_overlay(not self.overlay.isVisible()),
            Command.RAISE: lambda: self._show_overlay(True),  # noqa: FBT003  # a slot's argument
            Command.ARRANGE: self._arrange,
            Command.CLICK_THROUGH: self._switch_click_through,
            Command.STATUS: self._open_status,
            Command.TRANSCRIPT: self.windows.open_transcript,
            Command.SETTINGS: self.windows.open_preferences,
            Command.WELCOME: self.windows.open_welcome,
            Command.QUIT: self.ask_to_quit,
        }
        self._connect()

    def show(self) -> None:
        """Let the overlay appear."""
        self.overlay.show()

    def ask_to_quit(self) -> None:
        """Make `run` end in order."""
        self._quit.set()

    def do(self, command: Command) -> None:
        """Carry out ``command``."""
        self._commands[command]()

    def can_do(self, command: Command) -> bool:
        """Return whether `do` knows ``command``."""
        return command in self._commands

    async def run(self, *, first: Command | None = None) -> None:
        """Caption until the user quits; the last words are kept.

        Args:
            first: Carried out once captions have begun.
        """
        self._tasks.start(self._begin(first), name="begin")
        try:
            await self._quit.wait()
        finally:
            await self._end()

    async def _begin(self, first: Command | None) -> None:
        try:
            async with asyncio.timeout(_APPEAR_LIMIT_S):
                await self._appeared.wait()
        except TimeoutError:
            logger.warning("the overlay has not appeared after %.0f s", _APPEAR_LIMIT_S)
        self._build_menu()
        self.desk.history.begin()
        self.desk.feed.begin()
        self._tasks.start(self.desk.updates.run(), name="look-for-updates")
        self._listen()
        self._watch.begin()
        self.desk.shortcuts.follow(self.desk.live.now)
        await asyncio.wait({self.desk.runner.start()})
        if first is not None:
            self.do(first)
        if self._control is not None:
            await self._control.refresh_devices()

    async def _end(self) -> None:
        """Undo everything, in the opposite order."""
        if self._listener is not None:
            self._listener.close()
        self.desk.shortcuts.close()
        self._watch.close()
        await self._tasks.cancel()
        await self.desk.runner.close()
        await self.desk.feed.close()
        await self.desk.history.close()
        self.windows.close()
        self.overlay.flush()
        await self._writer.finish()
        if self._control is not None:
            self._control.tray.icon.hide()
        self.overlay.hide()

    def _connect(self) -> None:
        overlay, bridge = self.overlay, self.desk.bridge
        self.desk.live.shown.connect(lambda settings: overlay.restyle(settings.overlay))
        self.desk.live.changed.connect(lambda _before, now: overlay.keep_size(now.overlay))
        self.desk.live.changed.connect(self._on_settings_changed)
        overlay.appeared.connect(self._on_appeared)
        overlay.left_at.connect(self._on_left_at)
        overlay.dot.clicked.connect(self._open_status)
        overlay.view.delay.measured.connect(self.desk.last_minutes.take_paint)
        overlay.view.delay.measured.connect(self.desk.runner.take_paint)
        overlay.view.first_caption_painted.connect(self._on_first_caption)
        bridge.caption_changed.connect(overlay.show_caption)
        bridge.gap_marked.connect(overlay.show_gap)
        bridge.health_changed.connect(self._show_health)
        bridge.source_changed.connect(self._on_source_changed)
        bridge.engine_changed.connect(self._on_engine_changed)
        self.desk.runner.made.connect(self.desk.history.listen_to)
        self.desk.runner.made.connect(self.desk.feed.listen_to)
        self.desk.runner.could_not_be_made.connect(self._show_health)

    def _build_menu(self) -> None:
        control = self._control = Control(self.desk)
        control.show_overlay_visible(visible=self.overlay.isVisible())
        control.overlay_wanted.connect(self._show_overlay)
        control.past_wanted.connect(self.windows.open_past)
        control.page_wanted.connect(self.windows.open_preferences)
        self.overlay.menu_wanted.connect(control.popup)
        self.overlay.close_wanted.connect(self._on_close_wanted)
        self.overlay.view.scrolled.connect(lambda: control.show_held(is_held=self.overlay.is_held))

    def _listen(self) -> None:
        from captioner.gui.desktop.listener import Listener  # noqa: PLC0415  # loads Qt's network

        self._listener = Listener(partial(carry_out, self))
        self._listener.open(self.desk.paths)

    def _show_health(self, health: Health) -> None:
        self.overlay.show_health(health)
        if self._control is not None:
            self._control.show_health(health)

    def _show_overlay(self, visible: bool) -> None:  # noqa: FBT001  # a slot
        self.overlay.setVisible(visible)
        if self._control is not None:
            self._control.show_overlay_visible(visible=visible)

    def _captions_place(self) -> QRect | None:
        return self.overlay.place_beside_others if self.overlay.isVisible() else None

    def _open_status(self) -> None:
        self.windows.open_status(self._captions_place())

    def _arrange(self) -> None:
        self._show_overlay(True)  # noqa: FBT003  # a slot's argument
        self.overlay.set_arranging(not self.overlay.is_arranging)

    def _switch_click_through(self) -> None:
        self.desk.live.change(
            {"overlay.click_through": not self.desk.live.now.overlay.click_through}
        )

    def _on_settings_changed(self, before: Settings, now: Settings) -> None:
        if now.shortcuts != before.shortcuts:
            self.desk.shortcuts.follow(now)

    def _on_source_changed(self, event: SourceChanged) -> None:
        logger.info("listening to %s: %s", event.kind, event.name)
        self.overlay.reports.take_source(event)

    def _on_engine_changed(self, event: EngineChanged) -> None:
        logger.info("recognising with %s%s", event.name, " (mock)" if event.is_mock else "")
        self.overlay.reports.take_engine(event)

    def _on_close_wanted(self) -> None:
        if self._control is not None and self._control.tray.is_available:
            self._show_overlay(visible=False)
        else:
            self.ask_to_quit()

    def _on_left_at(self, geometry: WindowGeometry) -> None:
        self.desk.live.change({"overlay.geometry": geometry})

    def _on_appeared(self) -> None:
        logger.info("overlay visible %.0f ms after the start of the process", ms_since_start())
        self._appeared.set()

    def _on_first_caption(self) -> None:
        logger.info(
            "first caption painted %.0f ms after the start of the process", ms_since_start()
        )
