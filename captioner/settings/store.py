"""Reading and writing the settings of a profile, and the order in which sources win.

Command line > environment > ``.env`` (the profile's, or the one named with ``--env-file``; never
one in the working directory, where a planted file could redirect the audio) > settings file >
default. Files are small and read synchronously, before a loop runs or in a worker thread.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from captioner.core.errors import ConfigurationError
from captioner.settings.endpoints import split_proxy
from captioner.settings.environment import ENVIRONMENT_NAMES, read_env_file, read_environment
from captioner.settings.fields import (
    ENDPOINTS,
    all_values,
    is_secret,
    nested,
    renumbered,
    set_values,
)
from captioner.settings.file import read_settings_file, sole_writer, write_atomically
from captioner.settings.layers import ENDPOINT, HOST, Given, place, stack
from captioner.settings.models import SETTINGS_VERSION, Settings
from captioner.settings.paths import ProfilePaths

DEFAULT: Final = "default"
COMMAND_LINE: Final = "command line"
_RECOGNISER: Final = "connection.recogniser"


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings, and how they came to be.

    Attributes:
        settings: The snapshot.
        provenance: For each field, such as ``endpoints.0.host``, where its value comes from:
            ``command line``, ``RIVA_HOST (environment)``, ``RIVA_HOST (/path/.env)``, the path
            of the settings file, or ``default``.
        notices: Sentences that the user should see, such as that a damaged file was set aside.
        saved: What the settings file alone says.
        above: What sources above the file say, by field; the server that they describe together
            is ``endpoint``.
        place: Where the file is.
    """

    settings: Settings
    provenance: Mapping[str, str]
    notices: tuple[str, ...] = ()
    saved: Settings = dataclasses.field(default_factory=Settings)
    above: Mapping[str, Given] = dataclasses.field(default_factory=dict)
    place: str = ""

    def locked_by(self, field: str) -> str | None:
        """Return what sets ``field`` above the settings file, or None where the file decides."""
        origin = self.provenance[field]
        is_above = origin == COMMAND_LINE or origin.partition(" ")[0] in ENVIRONMENT_NAMES
        return origin if is_above else None

    def changed(
        self, changes: Mapping[str, object], *, reset: Collection[str] = ()
    ) -> LoadedSettings:
        """Return what holds after the user has changed something, before it is written.

        What is changed here goes before what the command line or the environment said of the same
        field: it is the newer word.

        Args:
            changes: New values by dotted field name.
            reset: Names of fields, sections or endpoints that go back to their defaults;
                ``changes`` count the endpoints without them.

        Raises:
            ConfigurationError: A value makes no sense.
        """
        above = {name: given for name, given in self.above.items() if name not in changes}
        return _layered(_with_changes(self.saved, changes, reset), above, self.place)

    def with_saved(self, saved: Settings) -> LoadedSettings:
        """Return what holds where the settings file says ``saved``."""
        return _layered(saved, self.above, self.place)


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
        overrides: Values of the command line by dotted field name, such as ``audio.source``, or
            ``endpoint.host`` for the server that the options describe together; None as a value
            means that the option was not given.
        env_file: A ``.env`` named by the user, which then must exist; None takes the profile's
            if there is one.

    Returns:
        The snapshot with its provenance and notices.

    Raises:
        ConfigurationError: A value makes no sense; it names the source, the value (unless it is
            secret) and the fix. A settings file that cannot be understood is no error: it is set
            aside, and a notice says so.
    """
    saved, notices = read_settings_file(paths.settings_file)
    top = stack(
        [
            read_env_file(env_file or paths.env_file, asked=env_file is not None),
            read_environment(os.environ if environ is None else environ, place="environment"),
            {
                field: Given(value, COMMAND_LINE)
                for field, value in (overrides or {}).items()
                if value is not None
            },
        ]
    )
    if HOST in top and saved.connection.recogniser:
        # Who names a server wants that one, whatever was chosen before.
        top[_RECOGNISER] = replace(top[HOST], value="", text="")
    loaded = _layered(saved, top, str(paths.settings_file))
    return replace(loaded, notices=notices + loaded.notices)


def _layered(saved: Settings, top: Mapping[str, Given], place_of_file: str) -> LoadedSettings:
    """Put what sources above the file say on top of what the file says."""
    in_file = {name: Given(value, place_of_file) for name, value in set_values(saved).items()}
    notices: tuple[str, ...] = ()
    described = {field: given for field, given in top.items() if field.startswith(ENDPOINT)}
    listed = [
        {
            field.removeprefix(f"{ENDPOINTS}.{number}."): given
            for field, given in in_file.items()
            if field.startswith(f"{ENDPOINTS}.{number}.")
        }
        for number in range(len(saved.endpoints))
    ]
    servers = place(listed, described)
    if servers and "recognition.model" in top:
        servers[0].pop("model", None)  # what is said above the file goes before all that it says
    if described and not servers:
        notices = (_without_a_server(described),)
    values = {
        **{field: given for field, given in in_file.items() if not field.startswith(ENDPOINTS)},
        **{field: given for field, given in top.items() if field not in described},
        **{
            f"{ENDPOINTS}.{number}.{field}": given
            for number, server in enumerate(servers)
            for field, given in server.items()
        },
    }
    settings = _validate(values)
    return LoadedSettings(
        settings, _provenance(settings, values), notices, saved, top, place_of_file
    )


def _without_a_server(described: Mapping[str, Given]) -> str:
    """Check what describes no server, and return the notice that it has no effect."""
    _validate(
        {f"{ENDPOINTS}.0.host": Given("unused", DEFAULT)}
        | {
            f"{ENDPOINTS}.0.{field.removeprefix(ENDPOINT)}": given
            for field, given in described.items()
        }
    )
    origins = ", ".join(sorted({given.origin for given in described.values()}))
    return f"{origins}: without effect, because no server is named. Set RIVA_HOST or --server."


def _provenance(settings: Settings, values: Mapping[str, Given]) -> dict[str, str]:
    origins = {
        field: values[field].origin if field in values else DEFAULT
        for field in all_values(settings)
    }
    for number, endpoint in enumerate(settings.endpoints):
        if endpoint.proxy_credentials is not None:  # they came with the URL
            name = f"{ENDPOINTS}.{number}.proxy"
            origins[f"{name}_credentials"] = origins[name]
    return origins


def save_settings(
    paths: ProfilePaths, changes: Mapping[str, object], *, reset: Collection[str] = ()
) -> Settings:
    """Change some settings in the profile's file and leave the others as the user saved them.

    What came from the environment or the command line is not written, unless it is in
    ``changes``. The file is written beside the old one, forced to the disk, and moved over it, so
    that it is whole at any time; the user alone may read it. Others that save at the same time come
    before or after, and none undoes what another one saved. Blocks for a disk write.

    Args:
        paths: The profile.
        changes: New values by dotted field name, such as ``overlay.font_px``.
        reset: Names of fields, sections or endpoints that shall not be in the file any more;
            ``changes`` count the endpoints without them.

    Returns:
        What the file says now.

    Raises:
        ConfigurationError: The file cannot be written, a value makes no sense, or a secret is among
            the changes: it belongs into the keyring.
    """
    if any(_is_secret_value(field, value) for field, value in changes.items()):
        raise _secret_in_file()
    target = paths.settings_file
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with sole_writer(target):
            saved, _ = read_settings_file(target)
            settings = _with_changes(saved, changes, reset)
            record = settings.model_dump(mode="json", exclude_unset=True)
            text = json.dumps({"version": SETTINGS_VERSION, **record}, indent=2, ensure_ascii=False)
            write_atomically(target.resolve(), text + "\n")
    except OSError as error:
        raise ConfigurationError(
            f"The settings could not be saved to {target}: {error.strerror}.",
            hint="Check the free space and the permissions of that folder, "
            "or choose another with --profile-dir.",
        ) from error
    return settings


def _with_changes(
    saved: Settings, changes: Mapping[str, object], reset: Collection[str]
) -> Settings:
    kept = renumbered(_without(set_values(saved), reset))
    values = {**_without(kept, changes), **changes}
    settings = _validate({name: Given(value, "") for name, value in values.items()})
    if any(endpoint.secrets for endpoint in settings.endpoints):
        raise _secret_in_file()
    return settings


def _is_secret_value(field: str, value: object) -> bool:
    has_login = field.endswith(".proxy") and split_proxy(str(value))[1] is not None
    return is_secret(field) or has_login


def _secret_in_file() -> ConfigurationError:
    return ConfigurationError(
        "Keys and passwords are never written to the settings file.",
        hint="`captioner config set-key HOST:PORT` keeps a key in the keyring, RIVA_API_KEY has "
        "one for a run. A proxy with a password goes into RIVA_PROXY.",
    )


def _without(values: Mapping[str, object], names: Collection[str]) -> dict[str, object]:
    """Return ``values`` without the fields, sections and endpoints of these names."""
    return {
        field: value
        for field, value in values.items()
        if not any(field == name or field.startswith(f"{name}.") for name in names)
    }


def _validate(values: Mapping[str, Given]) -> Settings:
    try:
        record = nested({field: given.value for field, given in values.items()})
    except KeyError as error:
        field = str(error.args[0])
        if field == ENDPOINTS:
            raise ConfigurationError(
                "The servers must be counted from 0 without gaps.",
                hint="Use the number after the last one to add a server: the first is endpoints.0.",
            ) from None
        raise _unknown(field) from None
    try:
        return Settings.model_validate(record)
    except ValidationError as error:
        raise _as_configuration_error(error, values) from None  # pydantic's text shows the values


def _unknown(field: str) -> ConfigurationError:
    return ConfigurationError(
        f"There is no setting {field}.",
        hint="`captioner config show` lists the names of all settings.",
    )


def _as_configuration_error(
    error: ValidationError, values: Mapping[str, Given]
) -> ConfigurationError:
    first = error.errors(include_url=False, include_context=False)[0]
    parts = [str(part) for part in first["loc"]]
    field = ".".join(parts)
    if first["type"] == "extra_forbidden":
        return _unknown(field)
    if first["type"] == "missing":
        return ConfigurationError(f"{field} is missing.", hint="Give it a value.")
    names = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    given = next((values[name] for name in names if name in values), Given(None, DEFAULT))
    message = first["msg"].removeprefix("Value error, ")
    shown = _shown(field, given, first["input"])
    if given.fix:
        return ConfigurationError(
            f"{given.origin} is {shown}, which makes no sense: {message}.", hint=given.fix
        )
    return ConfigurationError(
        f"The value {shown} for {field} makes no sense: {message}.",
        hint="Give another value; `captioner config show` shows each setting as it is now.",
    )


def _shown(field: str, given: Given, value: object) -> str:
    """Return a bad value for a sentence; a list or table could hold a secret within."""
    text = given.text or str(value)
    is_hidden = _is_secret_value(field, text) or isinstance(value, dict | list | tuple)
    return "(hidden)" if is_hidden else f"'{text}'"
