"""Which HTTP proxy a connection goes through."""

from __future__ import annotations

import os
from typing import Final
from urllib.parse import quote

from captioner.asr.endpoint import Endpoint

_NAMES: Final = ("grpc_proxy", "https_proxy", "http_proxy")
_EXCEPTIONS: Final = ("no_grpc_proxy", "no_proxy")
"""Where gRPC looks, in its own order."""


def proxy_url(endpoint: Endpoint) -> str:
    """Return the proxy that the settings of ``endpoint`` name, with its login."""
    scheme, found, rest = endpoint.proxy.partition("://")
    if endpoint.proxy_credentials is None:
        return endpoint.proxy
    user, colon, password = endpoint.proxy_credentials.get_secret_value().partition(":")
    return f"{scheme}{found}{quote(user, safe='')}{colon}{quote(password, safe='')}@{rest}"


def proxy_in_use(endpoint: Endpoint) -> str | None:
    """Return the URL of the proxy that gRPC goes through to ``endpoint``; None without one."""
    if endpoint.proxy not in {"system", "none"}:
        return proxy_url(endpoint)
    if endpoint.proxy == "none" or endpoint.is_loopback:
        return None
    found = next(filter(None, map(os.environ.get, _NAMES)), None)
    exceptions = next(filter(None, map(os.environ.get, _EXCEPTIONS)), "")
    return None if found and exceptions and _is_left_out(endpoint.host, exceptions) else found


def _is_left_out(host: str, exceptions: str) -> bool:
    # It loads an HTTP client, which few need.
    from urllib.request import (  # type: ignore[attr-defined]  # noqa: PLC0415  # no stub
        proxy_bypass_environment,
    )

    return bool(proxy_bypass_environment(host, {"no": exceptions}))
