"""Reading and writing the settings of a profile, and the order in which sources win.

Command line > environment > ``.env`` (the profile's, or the one named with ``--env-file``; never
one in the working directory, where a planted file could redirect the audio) > settings file >
default. Files are small and read synchronously, before a loop runs or in a worker thread.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from captioner.core.errors import ConfigurationError
from captioner.settings.environment import (
    ENVIRONMENT_NAMES,
    EnvironmentValue,
    read_env_file,
    read_environment,
)
from captioner.settings.models import SETTINGS_VERSION, Settings
from captioner.settings.paths import ProfilePaths

DEFAULT: Final = "default"
COMMAND_LINE: Final = "command line"

_KEY_FIELD: Final = "server.api_key"


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings, and how they came to be.

    Attributes:
        settings: The snapshot.
        provenance: For each field, such as ``server.host``, where its value comes from:
            ``command line``, ``RIVA_HOST (environment)``, ``RIVA_HOST (/path/.env)``, the path
            of the settings file, or ``default``.
        notices: Sentences that the user should see, such as that a damaged file was set aside.
    """

    settings: Settings
    provenance: Mapping[str, str]
    notices: tuple[str, ...] = ()


def load_settings(
    paths: ProfilePaths,
    *,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
    env_file: Path | None = None,
) -> LoadedSettings:
    """Merge all sources into one snapshot.

    Args:
        paths: The profile.
        environ: Environment variables; None takes the process's own.
        overrides: Values of the command line by dotted field name, such as ``audio.source``;
            None as a value means that the option was not given.
        env_file: A ``.env`` named by the user, which then must exist; None takes the profile's
            if there is one.

    Returns:
        The snapshot with its provenance and notices.

    Raises:
        ConfigurationError: A value makes no sense; it names the source, the value (unless it is
            secret) and the fix. A settings file that cannot be understood is no error: it is set
            aside, and a notice says so.
    """
    saved, notices = _read_settings_file(paths.settings_file)
    values = _flatten(saved)
    provenance = dict.fromkeys(values, str(paths.settings_file))
    outer = {
        **read_env_file(env_file or paths.env_file, asked=env_file is not None),
        **read_environment(os.environ if environ is None else environ, place="environment"),
    }
    for field, found in outer.items():
        values[field] = found.value
        provenance[field] = found.origin
    for field, given in (overrides or {}).items():
        if given is not None:
            values[field] = given
            provenance[field] = COMMAND_LINE
            outer.pop(field, None)
    settings = _validate(values, outer)
    return LoadedSettings(
        settings=settings,
        provenance={field: provenance.get(field, DEFAULT) for field in _all_fields()},
        notices=notices,
    )


def save_settings(paths: ProfilePaths, changes: Mapping[str, object]) -> Settings:
    """Change some settings in the profile's file and leave the others as the user saved them.

    What came from the environment or the command line is not written, unless it is in
    ``changes``. The file is written beside the old one, forced to the disk, and moved over it, so
    that it is whole at any time; the user alone may read it. Blocks for a disk write.

    Args:
        paths: The profile.
        changes: New values by dotted field name, such as ``overlay.font_px``.

    Returns:
        What the file says now.

    Raises:
        ConfigurationError: The file cannot be written, or a value makes no sense.
        ValueError: The API key is among the changes: it belongs into the keyring.
    """
    if _KEY_FIELD in changes:
        raise ValueError("the API key is kept in the keyring, never in the settings file")
    saved, _ = _read_settings_file(paths.settings_file)
    settings = _validate({**_flatten(saved), **changes}, {})
    record = settings.model_dump(mode="json", exclude_unset=True)
    text = json.dumps({"version": SETTINGS_VERSION, **record}, indent=2, ensure_ascii=False)
    target = paths.settings_file
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_atomically(target.resolve(), text + "\n")
    except OSError as error:
        raise ConfigurationError(
            f"The settings could not be saved to {target}: {error.strerror}.",
            hint="Check the free space and the permissions of that folder, "
            "or choose another with --profile-dir.",
        ) from error
    return settings


def _read_settings_file(path: Path) -> tuple[Settings, tuple[str, ...]]:
    """Return what the file says and the notices about it; set it aside if it is damaged."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Settings(), ()
    except OSError as error:
        raise ConfigurationError(
            f"The settings file {path} cannot be read: {error.strerror}.",
            hint="Check its permissions, or choose another folder with --profile-dir.",
        ) from error
    try:
        record = _parse(content)
        notices = _drop_key(record, path)
        return Settings.model_validate(record), notices
    except ValueError as error:  # bad UTF-8, bad JSON and bad values are all of this kind
        return Settings(), (_set_aside(path, _reason(error)),)


def _parse(content: bytes) -> dict[str, Any]:
    try:
        record = json.loads(content)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(record, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004  # the content is wrong, not us
    version = record.get("version", SETTINGS_VERSION)
    if version != SETTINGS_VERSION:
        raise ValueError(
            f"it has version {version!r}, and this Captioner reads version {SETTINGS_VERSION}"
        )
    return record


def _drop_key(record: dict[str, Any], path: Path) -> tuple[str, ...]:
    server = record.get("server")
    if not isinstance(server, dict) or "api_key" not in server:
        return ()
    del server["api_key"]
    notice = (
        f"The API key in {path} is not used, because keys do not belong into that file. "
        "Keep it in the keyring or in RIVA_API_KEY, and remove it from there."
    )
    return (notice,)


def _set_aside(path: Path, reason: str) -> str:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{stamp}-{number}")
    problem = f"The settings file {path} could not be understood ({reason})"
    try:
        path.rename(aside)
    except OSError as error:
        return f"{problem} and could not be set aside ({error.strerror}). The defaults are used."
    return f"{problem} and was set aside as {aside.name}. The defaults are used."


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}: {error.msg}"
    if isinstance(error, UnicodeDecodeError):
        return "it is not text"
    return str(error)


def _flatten(settings: Settings) -> dict[str, object]:
    """Return what was set, by dotted name. The settings are sections of fields, two levels deep."""
    return {
        f"{section}.{field}": getattr(getattr(settings, section), field)
        for section in settings.model_fields_set - {"version"}
        for field in getattr(settings, section).model_fields_set
    }


def _all_fields() -> list[str]:
    return [
        f"{section}.{field}"
        for section, info in Settings.model_fields.items()
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel)
        for field in info.annotation.model_fields
    ]


def _validate(values: Mapping[str, object], origins: Mapping[str, EnvironmentValue]) -> Settings:
    nested: dict[str, dict[str, object]] = {}
    for name, value in values.items():
        section, _, field = name.partition(".")
        nested.setdefault(section, {})[field] = value
    try:
        return Settings.model_validate(nested)
    except ValidationError as error:
        raise _as_configuration_error(error, origins) from None  # pydantic's text shows the values


def _as_configuration_error(
    error: ValidationError, origins: Mapping[str, EnvironmentValue]
) -> ConfigurationError:
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"][:2])
    found = origins.get(field)
    shown = "(hidden)" if field == _KEY_FIELD else f"'{found.text if found else first['input']}'"
    if found is None:
        return ConfigurationError(
            f"The value {shown} for {field} makes no sense: {first['msg']}.",
            hint="Give another value on the command line; `captioner --help` shows the options.",
        )
    return ConfigurationError(
        f"{found.origin} is {shown}, which makes no sense: {first['msg']}.",
        hint=f"Set {found.name} to {ENVIRONMENT_NAMES[found.name].expects}, or remove it.",
    )


def _write_atomically(target: Path, text: str) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make the move itself survive a power cut, where the system lets a folder be synced."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
