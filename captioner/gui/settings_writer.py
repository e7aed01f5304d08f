"""Remembers what the user changed, without making the captions wait for a disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from captioner.gui.tasks import Tasks


class SettingsWriter:
    """Writes changed settings in a worker thread, one write at a time, the newest values last."""

    def __init__(self, save: Callable[[Mapping[str, object]], object]) -> None:
        """Prepare to call ``save``, which blocks, with changes by dotted field name."""
        self._save = save
        self._changes: dict[str, object] = {}
        self._tasks = Tasks()
        self._task: asyncio.Task[None] | None = None

    def change(self, **values: object) -> None:
        """Remember ``values``, named by field with two underscores for the dot."""
        self._changes.update({name.replace("__", "."): value for name, value in values.items()})
        if self._task is None or self._task.done():
            self._task = self._tasks.start(self._write(), name="settings-writer")

    async def finish(self) -> None:
        """Return when everything is written, or could not be."""
        if self._task is not None:
            await asyncio.wait({self._task})

    async def _write(self) -> None:
        while self._changes:
            changes, self._changes = self._changes, {}
            await asyncio.to_thread(self._save, changes)
