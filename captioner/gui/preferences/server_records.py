"""The listed servers while they are edited: whole ones, and those that make no sense yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from pydantic import ValidationError

from captioner.core.network import is_address
from captioner.settings.endpoints import EndpointSettings
from captioner.settings.fields import SECRETS

Entry: TypeAlias = EndpointSettings | dict[str, object]
"""A server as the draft has it; what cannot be one is the plain record of its fields."""

_DEFAULTS: Final = {
    name: info.get_default(call_default_factory=True)
    for name, info in EndpointSettings.model_fields.items()
    if name != "host"
}


def record_of(entry: Entry) -> dict[str, object]:
    """Return what is set of ``entry``, by field; no secret is in it."""
    if isinstance(entry, EndpointSettings):
        names = entry.model_fields_set - set(SECRETS)
        return {name: getattr(entry, name) for name in names}
    return dict(entry)


def entry_of(record: Mapping[str, object]) -> Entry:
    """Return the server that ``record`` describes, or the record where it describes none."""
    kept = {name: value for name, value in record.items() if _DEFAULTS.get(name, ...) != value}
    try:
        entry = EndpointSettings.model_validate(kept)
    except ValidationError:
        return kept
    return kept if entry.secrets else entry


def value_of(entry: Entry, field: str) -> object:
    """Return what holds for ``field``, or what was entered for it."""
    if isinstance(entry, EndpointSettings):
        return getattr(entry, field)
    return entry.get(field, _DEFAULTS.get(field, ""))


def bad_fields(entry: Entry) -> set[str]:
    """Return the fields of ``entry`` that make no sense."""
    if isinstance(entry, EndpointSettings):
        return set()
    try:
        found = EndpointSettings.model_validate(entry)
    except ValidationError as error:
        return {str(each["loc"][0]) for each in error.errors(include_url=False) if each["loc"]}
    return {"proxy"} if found.proxy_credentials is not None else set()


def called(entry: Entry) -> str:
    """Return what a person calls the server; empty where it has neither name nor host."""
    name, host = str(value_of(entry, "name")), str(value_of(entry, "host"))
    if name or not host:
        return name
    shown = f"[{host}]" if ":" in host and is_address(host) else host
    return f"{shown}:{value_of(entry, 'port')}"


def account_of(entry: Entry) -> str:
    """Return the host and port to which a key would belong; empty where there is none yet."""
    return entry.account if isinstance(entry, EndpointSettings) else ""
