"""Settings by dotted field name, such as ``overlay.lines`` or ``endpoints.0.host``.

A name leads through sections and the list of endpoints down to one value. Values that are lists or
tables themselves, such as ``recognition.boosted``, are one field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from captioner.settings.base import SettingsModel
from captioner.settings.models import Settings

ENDPOINTS: Final = "endpoints"
SECRETS: Final = ("api_key", "proxy_credentials")
"""Fields of an endpoint that are never written, shown, or logged."""


def is_secret(field: str) -> bool:
    """Return whether the value of ``field`` must not be seen."""
    return field.rpartition(".")[2] in SECRETS


def all_values(settings: Settings) -> dict[str, object]:
    """Return every value by name, defaults included, without the version of the file."""
    return dict(_walk(settings, "", only_set=False))


def set_values(settings: Settings) -> dict[str, object]:
    """Return what was set on purpose, by name."""
    return dict(_walk(settings, "", only_set=True))


def nested(values: Mapping[str, object]) -> dict[str, Any]:
    """Return ``values`` as sections within sections, and the endpoints as a list.

    Raises:
        KeyError: A name leads through something that is no section, or skips an endpoint.
    """
    root: dict[str, Any] = {}
    for name, value in values.items():
        *path, last = name.split(".")
        section = root
        for part in path:
            section = section.setdefault(part, {})
            if not isinstance(section, dict):
                raise KeyError(name)
        section[last] = value
    endpoints = root.get(ENDPOINTS)
    if isinstance(endpoints, dict):
        if set(endpoints) != {str(number) for number in range(len(endpoints))}:
            raise KeyError(ENDPOINTS)
        root[ENDPOINTS] = [endpoints[str(number)] for number in range(len(endpoints))]
    return root


def renumbered(values: Mapping[str, object]) -> dict[str, object]:
    """Return ``values`` with the endpoints counted from 0 without gaps, in their order."""
    numbers = sorted({int(name.split(".")[1]) for name in values if name.startswith("endpoints.")})
    new = {str(number): str(index) for index, number in enumerate(numbers)}
    renamed = {}
    for name, value in values.items():
        section, _, rest = name.partition(".")
        if section == ENDPOINTS:
            number, _, field = rest.partition(".")
            renamed[f"{ENDPOINTS}.{new[number]}.{field}"] = value
        else:
            renamed[name] = value
    return renamed


def _walk(model: SettingsModel, prefix: str, *, only_set: bool) -> Iterator[tuple[str, object]]:
    for name, info in type(model).model_fields.items():
        if (only_set and name not in model.model_fields_set) or (not prefix and name == "version"):
            continue
        value = getattr(model, name)
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, SettingsModel):
            yield from _walk(value, f"{prefix}{name}.", only_set=only_set)
        elif not prefix and name == ENDPOINTS:
            if not (value or only_set):
                yield name, value
            for number, endpoint in enumerate(value):
                yield from _walk(endpoint, f"{name}.{number}.", only_set=only_set)
        else:
            yield f"{prefix}{name}", value
