"""``captioner config show``: each setting, where it comes from, and what is insecure about it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

import typer
from pydantic import BaseModel, SecretStr
from rich.console import Console
from rich.text import Text

from captioner.cli.context import app_context
from captioner.cli.options import (
    CaFileOption,
    LanguageOption,
    ModelOption,
    ServerOption,
    TlsOption,
    recogniser_overrides,
)
from captioner.core.errors import UnsupportedError
from captioner.settings.endpoints import EndpointSettings
from captioner.settings.fields import ENDPOINTS, all_values, is_secret
from captioner.settings.insecurities import Insecurity, insecurities
from captioner.settings.secrets import SecretStore
from captioner.settings.store import LoadedSettings

_KEYRING_LIMIT_S: Final = 10.0
_WIDEST_VALUE: Final = 40
_HIDDEN: Final = "(hidden)"
_NOWHERE: Final = "neither environment nor keyring"


@dataclass(frozen=True, slots=True)
class ShownField:
    """A setting as it is shown.

    Attributes:
        field: Its name.
        value: As JSON has it; of a secret only whether there is one.
        origin: Where it comes from.
        locked_by: What sets it above the settings file.
        insecurity: What is insecure about it.
    """

    field: str
    value: object
    origin: str
    locked_by: str | None = None
    insecurity: Insecurity | None = None

    def as_record(self) -> dict[str, object]:
        """Return it for programs."""
        record: dict[str, object] = {"value": self.value, "from": self.origin}
        if self.locked_by is not None:
            record["locked_by"] = self.locked_by
        if self.insecurity is not None:
            record["insecure"] = {"what": self.insecurity.sentence, "fix": self.insecurity.fix}
        return record


def show(
    ctx: typer.Context,
    *,
    server: ServerOption = None,
    tls: TlsOption = None,
    ca_file: CaFileOption = None,
    model: ModelOption = None,
    language: LanguageOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write one JSON object, for programs.")
    ] = False,
) -> None:
    """Show each setting, where it comes from, and what is insecure.

    "locked" is what the command line or the environment sets: the settings file does not change
    it. Of keys and passwords only their place is shown. With options of the other commands, what
    would hold with them.

    Examples:
    * captioner config show
    * captioner config show --json
    * captioner config show --server riva.example.org:443 --tls
    """
    overrides = recogniser_overrides(server, tls, ca_file, model, language)
    loaded = app_context(ctx).load(overrides)
    keys = asyncio.run(_places_of_keys(loaded))
    fields = shown_fields(loaded, keys)
    if as_json:
        record = {each.field: each.as_record() for each in fields}
        typer.echo(json.dumps(record, ensure_ascii=False, indent=2))
    else:
        _print(fields)


def shown_fields(loaded: LoadedSettings, keys: Mapping[str, str]) -> list[ShownField]:
    """Return all settings as they are shown.

    Args:
        loaded: The settings.
        keys: For each field of a key without a value: where it is kept.
    """
    dangers = {
        f"{ENDPOINTS}.{number}.{each.field}": each
        for number, endpoint in enumerate(loaded.settings.endpoints)
        for each in insecurities(endpoint)
    }
    fields = []
    for name, value in all_values(loaded.settings).items():
        shown, origin = _jsonable(value), loaded.provenance[name]
        if is_secret(name):
            if value is None and name not in keys:
                continue  # most proxies want no password
            is_there = value is not None or keys[name] != _NOWHERE
            shown = _HIDDEN if is_there else None
            origin = origin if value is not None else keys[name]
        if name.endswith(".may_fail_over"):
            shown = _endpoint_of(loaded, name).takes_over
        fields.append(ShownField(name, shown, origin, loaded.locked_by(name), dangers.get(name)))
    return fields


def _endpoint_of(loaded: LoadedSettings, name: str) -> EndpointSettings:
    return loaded.settings.endpoints[int(name.split(".")[1])]


async def _places_of_keys(loaded: LoadedSettings) -> dict[str, str]:
    return {
        f"{ENDPOINTS}.{number}.api_key": await _place_of_key(endpoint)
        for number, endpoint in enumerate(loaded.settings.endpoints)
        if endpoint.api_key is None
    }


async def _place_of_key(endpoint: EndpointSettings) -> str:
    store = SecretStore()
    try:
        async with asyncio.timeout(_KEYRING_LIMIT_S):
            name = await store.backend_name()
            found = name is not None and await store.get(endpoint.account) is not None
    except TimeoutError:
        return "unknown: the keyring did not answer"
    except UnsupportedError as error:
        return f"unknown: {error.message}"
    return f"keyring ({name})" if found else _NOWHERE


def _jsonable(value: object) -> object:
    if isinstance(value, SecretStr):
        return _HIDDEN
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, tuple):
        return [_jsonable(each) for each in value]
    return value


def _print(fields: list[ShownField]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    texts = [_worded(each.value) for each in fields]
    name_width = max(len(each.field) for each in fields)
    value_width = min(_WIDEST_VALUE, max(map(len, texts)))
    section = ""
    for each, text in zip(fields, texts, strict=True):
        begins = _section(each.field)
        if section and begins != section:
            console.print()
        section = begins
        line = Text(f"{each.field:{name_width}}  {text:{value_width}}  ")
        line.append(each.origin, style="dim" if each.origin == "default" else "cyan")
        if each.locked_by is not None:
            line.append("  locked", style="bold")
        console.print(line)
        if each.insecurity is not None:
            warning = f"    INSECURE: {each.insecurity.sentence} {each.insecurity.fix}"
            console.print(Text(warning, style="bold yellow"))


def _worded(value: object) -> str:
    if value is None:
        return "not set"
    return _HIDDEN if value == _HIDDEN else json.dumps(value, ensure_ascii=False)


def _section(field: str) -> str:
    """Return what a field is shown together with: its section, or its server."""
    parts = field.split(".")
    return ".".join(parts[: 2 if parts[0] == ENDPOINTS else 1])
