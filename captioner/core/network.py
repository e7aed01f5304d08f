"""What the name of a host says about the way there."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

_PRIVATE_ENDINGS: Final = (".local", ".lan", ".internal", ".intranet", ".home.arpa", ".home")


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


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
