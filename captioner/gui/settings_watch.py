"""Follows the settings file: `captioner config set` holds in the running program, too."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer

from captioner.core.errors import CaptionerError
from captioner.gui.live_settings import LiveSettings
from captioner.gui.settings_writer import SettingsWriter
from captioner.gui.tasks import Tasks
from captioner.settings.file import look_at_settings_file
from captioner.settings.paths import ProfilePaths

logger = logging.getLogger(__name__)

_PAUSE_MS: Final = 200


class SettingsWatch(QObject):
    """Takes over what another process has written; own writes make no difference."""

    def __init__(
        self, live: LiveSettings, writer: SettingsWriter, paths: ProfilePaths, tasks: Tasks
    ) -> None:
        """Look at nothing yet.

        Args:
            live: What is to follow the file.
            writer: What is not written yet goes before what the file says.
            paths: Where the file is.
            tasks: The owner of what runs.
        """
        super().__init__()
        self._live = live
        self._writer = writer
        self._file = paths.settings_file
        self._tasks = tasks
        self._files = QFileSystemWatcher(self)
        self._soon = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._soon.timeout.connect(self._start_look)
        self._files.directoryChanged.connect(self._soon.start)
        self._files.fileChanged.connect(self._soon.start)

    def begin(self) -> None:
        """Watch the file from now on."""
        self._live.changed.connect(self._soon.start)  # the first change makes the folder
        self._soon.start()

    def close(self) -> None:
        """Look at nothing any more."""
        self._soon.timeout.disconnect(self._start_look)
        self._soon.stop()
        # The system lets a user have a hundred or so of what it watches files with.
        self._files.deleteLater()

    def _start_look(self) -> None:
        self._tasks.start(self._look(), name="look-at-settings")

    def _watch(self) -> None:
        """Watch the folder as well, because the file is replaced as a whole."""
        there = {str(each) for each in (self._file.parent, self._file) if each.exists()}
        if new := there - {*self._files.files(), *self._files.directories()}:
            self._files.addPaths(sorted(new))

    async def _look(self) -> None:
        if self._writer.is_writing:
            self._soon.start()
            return
        self._watch()
        try:
            saved = await asyncio.to_thread(look_at_settings_file, self._file)
        except CaptionerError as error:
            logger.warning("the settings file has changed and is not followed: %s", error)
            return
        if self._writer.is_up_to_date and saved is not None:
            self._live.take_over(saved)
