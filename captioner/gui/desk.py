"""What every window of the front end may use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from captioner.gui.bridge import SessionBridge
from captioner.gui.commands import Command
from captioner.gui.desktop.shortcuts import GlobalShortcuts
from captioner.gui.feed_keeper import FeedKeeper
from captioner.gui.health.last_minutes import LastMinutes
from captioner.gui.history_keeper import HistoryKeeper
from captioner.gui.live_settings import LiveSettings
from captioner.gui.part_checks import CheckRunner
from captioner.gui.session_runner import SessionRunner
from captioner.gui.tasks import Tasks
from captioner.gui.tray.source_menu import Device
from captioner.gui.updates.keeper import UpdateKeeper
from captioner.settings.paths import ProfilePaths

DeviceLister = Callable[[], Sequence[Device]]


@dataclass(frozen=True)
class Desk:
    """The front end as a window sees it.

    Attributes:
        live: The settings in force; the only way to change them.
        bridge: What the session tells, as signals.
        runner: The session itself.
        paths: Where the profile keeps its files.
        list_devices: Returns what can be heard; blocks, so call it in a worker thread.
        tasks: The owner of whatever a slot starts.
        do: Carries out a command.
        tell: Says something to the user for a moment, on the overlay.
        shortcuts: The keys that work whatever window is in use.
        feed: Captions for other programs.
        history: The captions that are kept.
        last_minutes: How captions went in the last ten minutes.
        updates: The look for newer versions.
        run_checks: Checks all parts, which takes its time.
    """

    live: LiveSettings
    bridge: SessionBridge
    runner: SessionRunner
    paths: ProfilePaths
    list_devices: DeviceLister
    tasks: Tasks
    do: Callable[[Command], None]
    tell: Callable[[str], None]
    shortcuts: GlobalShortcuts
    feed: FeedKeeper
    history: HistoryKeeper
    last_minutes: LastMinutes
    updates: UpdateKeeper
    run_checks: CheckRunner
