"""Settings on their way to another computer, or back: a file without secrets, read with care."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from captioner.core.errors import ConfigurationError
from captioner.settings.fields import ENDPOINTS, all_values
from captioner.settings.file import reason, settings_in, write_atomically
from captioner.settings.models import SETTINGS_VERSION, Settings

_MOST_BYTES: Final = 5_000_000
_OF_THIS_COMPUTER: Final = "desktop.was_welcomed"


def export_settings(settings: Settings, target: Path) -> None:
    """Write ``settings`` to ``target``; keys and passwords are in the keyring, and stay there.

    Args:
        settings: What the settings file says.
        target: A file, replaced as a whole.

    Raises:
        ConfigurationError: It cannot be written.
    """
    record = settings.model_dump(mode="json", exclude_unset=True)
    text = json.dumps({"version": SETTINGS_VERSION, **record}, indent=2, ensure_ascii=False)
    try:
        write_atomically(target, text + "\n")
    except OSError as error:
        raise ConfigurationError(
            f"The settings could not be exported to {target}: {error.strerror}.",
            hint="Choose another folder, or make room there.",
        ) from error


def import_settings(source: Path) -> tuple[Settings, tuple[str, ...]]:
    """Return the settings that ``source`` holds, and what to say about them.

    Older versions of the file are understood as the settings file's own are.

    Raises:
        ConfigurationError: It cannot be read, or is no such file; it says why.
    """
    try:
        with source.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(
            f"The file {source} cannot be read: {error.strerror}.",
            hint="Choose another file, or check its permissions.",
        ) from error
    if len(content) > _MOST_BYTES:
        raise _not_settings(source, "it is too large")
    try:
        return settings_in(content, source)
    except ValueError as error:
        raise _not_settings(source, reason(error)) from None  # the error may show a value


def values_of(settings: Settings) -> dict[str, object]:
    """Return every value that an import takes over, by name; the servers are one list."""
    values = {
        name: value
        for name, value in all_values(settings).items()
        if not name.startswith(ENDPOINTS) and name != _OF_THIS_COMPUTER
    }
    return {**values, ENDPOINTS: settings.endpoints}


def _not_settings(source: Path, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"The file {source} holds no settings of Captioner ({why}).",
        hint="Choose a file that Captioner has exported, or the settings.json of a profile.",
    )
