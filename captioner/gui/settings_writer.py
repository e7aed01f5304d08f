"""Remembers what the user changed, without making the captions wait for a disk."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection, Mapping
from typing import Protocol

from captioner.core.errors import ConfigurationError
from captioner.gui.tasks import Tasks


class SaveSettings(Protocol):
    """Writes changes to the settings file, as `captioner.settings.store.save_settings` does."""

    def __call__(self, changes: Mapping[str, object], *, reset: Collection[str] = ()) -> object:
        """Block until it is on the disk."""
        ...


class SettingsWriter:
    """Writes changed settings in a worker thread, one write at a time, the newest values last.

    What a full disk or a missing permission keeps from the file is written with the next change, or
    at the end.
    """

    def __init__(self, save: SaveSettings) -> None:
        """Prepare to call ``save``."""
        self._save = save
        self._waiting: deque[tuple[dict[str, object], tuple[str, ...]]] = deque()
        self._tasks = Tasks()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_writing(self) -> bool:
        """Whether a write is under way."""
        return self._task is not None and not self._task.done()

    @property
    def is_up_to_date(self) -> bool:
        """Whether everything is in the file."""
        return not self.is_writing and not self._waiting

    def change(self, changes: Mapping[str, object], *, reset: Collection[str] = ()) -> None:
        """Remember ``changes``, by dotted field name, and forget the fields of ``reset``."""
        if self._waiting and not reset and changes.keys() <= self._waiting[-1][0].keys():
            self._waiting[-1][0].update(changes)  # one write does for both
        else:
            self._waiting.append((dict(changes), tuple(reset)))
        if self._task is None or self._task.done():
            self._task = self._tasks.start(self._write(), name="settings-writer")

    async def finish(self) -> None:
        """Return when everything is written, or could not be."""
        if self._task is not None:
            await asyncio.wait({self._task})
        before = len(self._waiting) + 1
        while 0 < len(self._waiting) < before:
            before = len(self._waiting)
            await asyncio.wait({self._tasks.start(self._write(), name="settings-writer")})

    async def _write(self) -> None:
        while self._waiting:
            now = self._waiting.popleft()
            try:
                await asyncio.to_thread(self._save, now[0], reset=now[1])
            except ConfigurationError as error:
                if isinstance(error.__cause__, OSError):
                    self._waiting.appendleft(now)
                raise
