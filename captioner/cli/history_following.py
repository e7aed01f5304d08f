"""How a command that captions follows what the settings say of the history."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from captioner.core.errors import CaptionerError
from captioner.settings.file import look_at_settings_file
from captioner.settings.store import LoadedSettings
from captioner.sinks.history import HistorySink

_log = logging.getLogger(__name__)

_LOOK_EVERY_S: Final = 2.0


@contextlib.asynccontextmanager
async def history_followed(
    history: HistorySink, loaded: LoadedSettings, file: Path
) -> AsyncIterator[None]:
    """Let ``history`` do as the settings file says, also where that changes meanwhile.

    What the command line said goes before it.

    Args:
        history: What keeps the captions.
        loaded: The settings at the start.
        file: The settings file.
    """
    following = asyncio.create_task(_follow(history, loaded, file), name="follow-history-settings")
    try:
        yield
    finally:
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following


async def _follow(history: HistorySink, loaded: LoadedSettings, file: Path) -> None:
    now = loaded.settings.history
    seen: tuple[int, int] | None = None  # it may have changed since the settings were loaded
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        found = await asyncio.to_thread(_version, file)
        if found == seen:
            continue
        seen = found
        try:
            saved = await asyncio.to_thread(look_at_settings_file, file)
        except CaptionerError as error:
            _log.warning("The settings file has changed and is not followed: %s", error)
            continue
        if saved is None:
            continue
        before, now = now, loaded.with_saved(saved).settings.history
        if now != before:
            history.apply(loaded.settings.model_copy(update={"history": now}))


def _version(file: Path) -> tuple[int, int] | None:
    """Return what changes with the file; it is replaced whole."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
