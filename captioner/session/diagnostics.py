"""A bundle for whoever shall find out what is wrong: facts, settings and logs in one zip file.

No secret gets into it, and no word that was captioned: keys are left out, log lines are redacted
once more, and what the profile keeps of the captions is not read at all. Words of the user's own
lists are counted, not written, and the home folder is called ``~``.
"""

from __future__ import annotations

import asyncio
import json
import platform
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from captioner import __version__
from captioner.core.errors import CaptionerError, ConfigurationError
from captioner.core.packages import installed_packages
from captioner.core.system import system_name
from captioner.settings.fields import all_values
from captioner.settings.harmless import harmless
from captioner.settings.insecurities import insecurities
from captioner.settings.paths import ProfilePaths
from captioner.settings.secrets import SecretStore
from captioner.settings.store import LoadedSettings
from captioner.telemetry.logs import redact, register_secret

Progress = Callable[[int, int], None]
"""Called with how many parts are done, and how many there are; in a worker thread."""

_KEYRING_LIMIT_S: Final = 5.0
_MOST_OF_A_LOG: Final = 2_500_000


async def write_bundle(
    target: Path,
    loaded: LoadedSettings,
    paths: ProfilePaths,
    *,
    facts: Mapping[str, str],
    checks: Sequence[Mapping[str, object]] = (),
    error: CaptionerError | None = None,
    progress: Progress = lambda _done, _all: None,
) -> None:
    """Write the bundle to ``target``, in the place of what was there; the user alone may read it.

    Args:
        target: A zip file.
        loaded: The settings in force.
        paths: The profile.
        facts: What the caller knows besides, such as the display.
        checks: What an examination of all parts found.
        error: Why these are not the user's own settings; None where they are.
        progress: Told how far it is.

    Raises:
        ConfigurationError: It cannot be written there.
    """
    for endpoint in loaded.settings.endpoints:
        for secret in endpoint.secrets:
            register_secret(secret)
    keyring = await _keyring()
    texts = partial(_texts, loaded, {**facts, "Keyring": keyring}, checks, error)
    await asyncio.to_thread(_write, target, paths, texts, progress)


async def _keyring() -> str:
    try:
        async with asyncio.timeout(_KEYRING_LIMIT_S):
            return await SecretStore().backend_name() or "none"
    except TimeoutError:
        return "does not answer"


def _write(
    target: Path,
    paths: ProfilePaths,
    texts: Callable[[], Iterator[tuple[str, str]]],
    progress: Progress,
) -> None:
    logs = sorted(paths.log_dir.glob("*.log*")) if paths.log_dir.is_dir() else []
    whole = len(logs) + 1
    try:
        with tempfile.NamedTemporaryFile(
            dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as temporary:
            place = Path(temporary.name)
            try:
                with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as bundle:
                    for name, text in texts():
                        bundle.writestr(name, _clean(text))
                    for number, log in enumerate(logs, start=1):
                        progress(number, whole)
                        bundle.writestr(f"logs/{log.name}", _clean(_end_of(log)))
                temporary.close()
                place.replace(target)
            except BaseException:
                place.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise ConfigurationError(
            f"The diagnostics could not be saved to {target}: {error.strerror}.",
            hint="Choose another folder, or make room there.",
        ) from error
    progress(whole, whole)


def _texts(
    loaded: LoadedSettings,
    facts: Mapping[str, str],
    checks: Sequence[Mapping[str, object]],
    error: CaptionerError | None,
) -> Iterator[tuple[str, str]]:
    about = {
        "Captioner": __version__,
        "Written": datetime.now(UTC).isoformat(timespec="seconds"),
        "Python": f"{platform.python_version()} ({sys.executable})",
        "System": f"{system_name()} ({platform.platform()})",
        **facts,
    }
    yield "about.txt", "".join(f"{name}: {value}\n" for name, value in about.items())
    packages = (f"{each.name} {each.version}\n" for each in installed_packages())
    yield "packages.txt", "".join(packages)
    yield "settings.json", json.dumps(_settings(loaded), indent=2, ensure_ascii=False)
    if error is not None:
        yield "error.json", json.dumps(error.as_record(), indent=2, ensure_ascii=False)
    if checks:
        yield "health.json", json.dumps(list(checks), indent=2, ensure_ascii=False)
    yield "devices.txt", "".join(f"{line}\n" for line in _devices())
    security = (
        f"{endpoint.account}: {each.sentence} {each.fix}\n"
        for endpoint in loaded.settings.endpoints
        for each in insecurities(endpoint)
    )
    yield "security.txt", "".join(security) or "nothing insecure\n"


def _settings(loaded: LoadedSettings) -> dict[str, object]:
    return {
        name: {"value": harmless(name, value), "from": loaded.provenance[name]}
        for name, value in all_values(loaded.settings).items()
    }


def _devices() -> list[str]:
    from captioner.audio.devices import list_devices  # noqa: PLC0415  # loads sound libraries

    try:
        devices = list_devices()
    except CaptionerError as error:
        return [error.message]
    return [
        f"{each.kind}: {each.name} ({each.backend}{', default' if each.is_default else ''})"
        for each in devices
    ] or ["none"]


def _end_of(log: Path) -> str:
    """Return the newest part of a log; what is older than that explains nothing of today."""
    try:
        content = log.read_bytes()
    except OSError as error:
        return f"(cannot be read: {error.strerror})"
    if len(content) > _MOST_OF_A_LOG:
        content = content[-_MOST_OF_A_LOG:].partition(b"\n")[2]
    return content.decode(errors="replace")


def _clean(text: str) -> str:
    with suppress(RuntimeError):  # a user without a home
        home = str(Path.home())
        if len(home) > 1:
            text = text.replace(home, "~")
    return redact(text)
