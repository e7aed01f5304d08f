"""How several sources become one set of values: field by field, the upper source wins.

The environment, a ``.env`` and the command line each describe at most one server, under the name
``endpoint``. Which one that is decides its host: nothing that was meant for one host, least of all
a key, is sent to another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from captioner.settings.endpoints import DEFAULT_PORT

ENDPOINT: Final = "endpoint."
HOST: Final = "endpoint.host"
_PORT: Final = "endpoint.port"


@dataclass(frozen=True, slots=True)
class Given:
    """A value and where it comes from.

    Attributes:
        value: In the unit of the setting, not yet validated.
        origin: Its source, such as ``RIVA_HOST (environment)`` or ``command line``.
        text: As it was written, where that differs.
        fix: What to do when it makes no sense.
    """

    value: object
    origin: str
    text: str = ""
    fix: str = ""


def stack(layers: Sequence[Mapping[str, Given]]) -> dict[str, Given]:
    """Return ``layers``, the lowest first, as one.

    A layer that names another host than the layers below takes nothing of what these say about
    their server.
    """
    merged: dict[str, Given] = {}
    for layer in layers:
        if HOST in layer and HOST in merged and not _same(layer[HOST], merged[HOST]):
            merged = {
                field: given for field, given in merged.items() if not field.startswith(ENDPOINT)
            }
        merged |= layer
    return merged


def place(
    entries: Sequence[Mapping[str, Given]], described: Mapping[str, Given]
) -> list[dict[str, Given]]:
    """Return the servers to use, the described one first.

    Args:
        entries: The listed servers, each by field name.
        described: What the layers above say of their server, by names with ``endpoint.``.

    Returns:
        With a described host: its entry of the list, or a new one, in front, with what is
        described on top. Without: the first entry with what is described on top.
    """
    servers = [dict(entry) for entry in entries]
    if HOST in described:
        found = next((entry for entry in servers if _is_meant(entry, described)), None)
        if found is not None:
            servers.remove(found)
        servers.insert(0, found or {})
    if servers:
        servers[0] |= {field.removeprefix(ENDPOINT): given for field, given in described.items()}
    return servers


def _is_meant(entry: Mapping[str, Given], described: Mapping[str, Given]) -> bool:
    if not _same(entry["host"], described[HOST]):
        return False
    if _PORT not in described:
        return True
    port = entry["port"].value if "port" in entry else DEFAULT_PORT
    return str(described[_PORT].value) == str(port)


def _same(one: Given, other: Given) -> bool:
    return str(one.value).casefold() == str(other.value).casefold()
