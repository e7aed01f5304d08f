"""The application: one loop for Qt and asyncio, and the orderly ways out of it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final

import qasync
from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QApplication

from captioner.gui.bridge import SessionFactory
from captioner.gui.commands import Command
from captioner.gui.faults import faults_told
from captioner.gui.front_end import FrontEnd
from captioner.gui.garbage import garbage_collected_here
from captioner.gui.icons import app_icon
from captioner.gui.part_checks import CheckRunner
from captioner.gui.rimmed_style import rim_controls
from captioner.gui.settings_writer import SaveSettings
from captioner.gui.text.language import speak
from captioner.gui.text.sentences import said
from captioner.gui.tray.source_menu import Device
from captioner.gui.welcome.first_run import is_first_run
from captioner.settings.paths import ProfilePaths
from captioner.settings.store import LoadedSettings

_OK: Final = 0
_INTERRUPTED: Final = 130
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Application(QApplication):
    """Qt's application, which asks before it ends.

    Signals:
        quit_wanted: The system or the desktop wants the program to end.
    """

    quit_wanted = Signal()

    def __init__(self) -> None:
        """Start Qt. Its own command-line options are not offered."""
        super().__init__(["captioner"])
        self.setApplicationName("captioner")
        self.setDesktopFileName("captioner")
        # The overlay is no main window: closing some dialog must not end the captions.
        self.setQuitOnLastWindowClosed(False)

    def event(self, event: QEvent) -> bool:
        """Turn Qt's sudden end into an orderly one."""
        if event.type() == QEvent.Type.Quit:
            self.quit_wanted.emit()
            return True
        return super().event(event)


def run_application(
    loaded: LoadedSettings,
    paths: ProfilePaths,
    *,
    save: SaveSettings,
    make_session: SessionFactory,
    run_checks: CheckRunner,
) -> int:
    """Run until the user quits; return the exit code.

    Args:
        loaded: The settings, where they come from, and what the user shall be told about them.
        paths: Where the profile keeps its files.
        save: Writes changed settings; called in a worker thread.
        make_session: Makes what captions.
        run_checks: Checks all parts for the diagnostics.
    """
    application = Application()
    rim_controls(application)
    speak(application, loaded.settings.desktop.language)
    front_end = partial(
        FrontEnd,
        loaded,
        paths,
        make_session=make_session,
        list_devices=_list_devices,
        save=save,
        run_checks=run_checks,
    )
    with qasync.QEventLoop(application) as loop, garbage_collected_here():
        asyncio.set_event_loop(loop)
        try:
            return int(loop.run_until_complete(_caption(application, loaded, front_end)))
        finally:
            asyncio.set_event_loop(None)


async def _caption(
    application: Application, loaded: LoadedSettings, make_front_end: Callable[[], FrontEnd]
) -> int:
    loop = asyncio.get_running_loop()
    front_end = make_front_end()
    application.quit_wanted.connect(front_end.ask_to_quit)
    warn, end = front_end.overlay.warn, front_end.ask_to_quit
    with faults_told(loop, warn), _signals_end(loop, end) as signalled:
        front_end.show()
        if loaded.notices:
            warn(" ".join(said(notice) for notice in loaded.notices))
        application.setWindowIcon(app_icon())
        await front_end.run(first=Command.WELCOME if is_first_run(loaded) else None)
    return _INTERRUPTED if signalled.is_set() else _OK


@contextmanager
def _signals_end(
    loop: asyncio.AbstractEventLoop, end: Callable[[], None]
) -> Iterator[asyncio.Event]:
    """Call ``end`` on Ctrl-C or SIGTERM; a second signal ends the process at once."""
    signalled = asyncio.Event()
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def release() -> None:
        with suppress(NotImplementedError):
            for number in _SIGNALS:
                loop.remove_signal_handler(number)

    def on_signal() -> None:
        signalled.set()
        release()
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        end()

    for number in _SIGNALS:
        try:
            loop.add_signal_handler(number, on_signal)
        except NotImplementedError:  # the loop of Windows has none; Python's own do there
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(on_signal))
    try:
        yield signalled
    finally:
        release()
        for number, handler in before.items():
            signal.signal(number, handler)


def _list_devices() -> Sequence[Device]:
    from captioner.audio.devices import list_devices  # noqa: PLC0415  # loads sound libraries

    return list_devices()
