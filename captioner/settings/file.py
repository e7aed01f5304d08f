"""The settings file: read with suspicion, written whole."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from captioner.core.disk import sync_folder
from captioner.core.errors import ConfigurationError
from captioner.core.process_lock import ProcessLock
from captioner.settings.endpoints import split_proxy
from captioner.settings.fields import ENDPOINTS, SECRETS
from captioner.settings.models import SETTINGS_VERSION, Settings

_PATIENCE_S: Final = 5.0


@contextmanager
def sole_writer(path: Path) -> Iterator[None]:
    """Keep others from writing ``path`` between what is read of it and what is written.

    Without it, of two programs that save at one instant one would write back what it had read
    before the other wrote. Blocks for as long as another one holds it.

    Raises:
        OSError: The lock beside the file cannot be made, or another program holds it for seconds.
    """
    with ProcessLock(path.with_name(f"{path.name}.lock")).held(_PATIENCE_S) as is_held:
        if not is_held:
            raise TimeoutError(errno.ETIMEDOUT, "another Captioner is writing it all the time")
        yield


def read_settings_file(path: Path) -> tuple[Settings, tuple[str, ...]]:
    """Return what the file says and the notices about it; set it aside if it is damaged.

    Raises:
        ConfigurationError: It is there and cannot be read.
    """
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
        return settings_in(content, path)
    except ValueError as error:
        return Settings(), (_set_aside(path, reason(error)),)


def look_at_settings_file(path: Path) -> Settings | None:
    """Return what the file says, None where there is none; whatever it is, it is left alone.

    Raises:
        ConfigurationError: It cannot be read, or makes no sense.
    """
    try:
        return settings_in(path.read_bytes(), path)[0]
    except FileNotFoundError:
        return None
    except OSError as error:
        why = error.strerror or str(error)
    except ValueError as error:
        why = reason(error)
    raise ConfigurationError(
        f"The settings file {path} cannot be understood ({why}).",
        hint="Mend it, or take it away.",
    )


def settings_in(content: bytes, path: Path) -> tuple[Settings, tuple[str, ...]]:
    """Return what ``content`` of the file ``path`` says, and the notices about it.

    Raises:
        ValueError: It makes no sense; bad UTF-8, bad JSON and bad values are all of this kind.
    """
    record = _parse(content)
    notices = _drop_secrets(record, path)
    return Settings.model_validate(record), notices


def _parse(content: bytes) -> dict[str, Any]:
    try:
        record = json.loads(content)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(record, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004  # the content is wrong, not us
    version = record.get("version", SETTINGS_VERSION)
    if version not in range(1, SETTINGS_VERSION + 1):
        raise ValueError(
            f"it has version {version!r}, and this Captioner reads version {SETTINGS_VERSION}"
        )
    if version == 1:
        _opacity_of_the_window(record)
    return {**record, "version": SETTINGS_VERSION}


def _opacity_of_the_window(record: dict[str, Any]) -> None:
    """Take the one opacity of version 1 for what it was: that of the whole window."""
    overlay = record.get("overlay")
    if isinstance(overlay, dict) and "background_opacity" in overlay:
        overlay["window_opacity"] = overlay.pop("background_opacity")


def _drop_secrets(record: dict[str, Any], path: Path) -> tuple[str, ...]:
    """Take out what must not be in the file; return what to say about it."""
    endpoints = record.get(ENDPOINTS)
    found = False
    for endpoint in endpoints if isinstance(endpoints, list) else []:
        if not isinstance(endpoint, dict):
            continue
        secrets = [endpoint.pop(name, None) for name in SECRETS]
        found = found or any(secret is not None for secret in secrets)
        proxy, credentials = split_proxy(str(endpoint.get("proxy", "")))
        if credentials is not None:
            endpoint["proxy"], found = proxy, True
    if not found:
        return ()
    notice = (
        f"A key or password in {path} is not used, because secrets do not belong into that file. "
        "Keep the key in the keyring or in RIVA_API_KEY, and remove it from there; a proxy with a "
        "password goes into RIVA_PROXY."
    )
    return (notice,)


def _set_aside(path: Path, reason: str) -> str:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{stamp}-{number}")
    try:
        path.rename(aside)
    except OSError as error:
        return (
            f"The settings file {path} could not be understood ({reason}) and could not be set "
            f"aside ({error.strerror}). The defaults are used."
        )
    return (
        f"The settings file {path} could not be understood ({reason}) and was set aside as "
        f"{aside.name}. The defaults are used."
    )


def reason(error: Exception) -> str:
    """Return in a few words why a file makes no sense, without its values."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        return f"{place}: {first['msg'].removeprefix('Value error, ')}"
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}: {error.msg}"
    if isinstance(error, UnicodeDecodeError):
        return "it is not text"
    return str(error)


def write_atomically(target: Path, text: str) -> None:
    """Put ``text`` in the place of ``target``: whole, on the disk, for the user alone.

    Raises:
        OSError: There is no room, or no permission; ``target`` is as it was.
    """
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
    # So that the move itself lasts.
    sync_folder(target.parent)
