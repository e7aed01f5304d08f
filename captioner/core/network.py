"""What a server is called, and what the name of a host says about the way there."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

from captioner.core.errors import ConfigurationError

_PRIVATE_ENDINGS: Final = (".local", ".lan", ".internal", ".intranet", ".home.arpa", ".home")
_LAST_PORT: Final = 65535
_SERVER: Final = re.compile(
    r"(?:\[(?P<address>[^\[\]]+)\]|(?P<name>[^\s:/@\[\]]+))(?::(?P<port>\d{1,5}))?"
)


def is_loopback(host: str) -> bool:
    """Return whether traffic to ``host`` cannot leave this machine."""
    if host.lower() == "localhost":
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def stays_here(host: str, proxy: str) -> bool:
    """Return whether a connection to ``host`` cannot leave this machine.

    Args:
        host: Name or address.
        proxy: ``system`` (never asked for this machine's own ports), ``none``, or an URL.
    """
    is_direct = proxy in {"system", "none"} or is_loopback(urlsplit(proxy).hostname or "")
    return is_loopback(host) and is_direct


def is_address(host: str) -> bool:
    """Return whether ``host`` is a numeric address and no name."""
    return _address(host) is not None


def is_private(host: str) -> bool:
    """Return whether ``host`` is a name or address that only one network knows."""
    address = _address(host)
    if address is not None:
        return address.is_private
    name = host.lower().rstrip(".")
    return "." not in name or name.endswith(_PRIVATE_ENDINGS)


def split_server(server: str) -> tuple[str, int | None]:
    """Return host and port of ``HOST:PORT``; an IPv6 address with a port is in brackets.

    Raises:
        ConfigurationError: It is nothing of the kind.
    """
    text = server.strip()
    if is_address(text):
        return text, None
    found = _SERVER.fullmatch(text)
    if found is not None and (found["address"] is None or is_address(found["address"])):
        port = None if found["port"] is None else int(found["port"])
        if port is None or 1 <= port <= _LAST_PORT:
            return found["address"] or found["name"], port
    raise ConfigurationError(
        f"The server '{server}' makes no sense.",
        hint="Give HOST:PORT, such as riva.example.org:50051 or [2001:db8::1]:50051.",
    )


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
