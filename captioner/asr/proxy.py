"""Which HTTP proxy a connection goes through."""

from __future__ import annotations

import os
from typing import Final
from urllib.parse import quote
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # no stub

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
    exceptions = next(filter(None, map(os.environ.get, _EXCEPTIONS)), "")
    if proxy_bypass_environment(endpoint.host, {"no": exceptions}):
        return None
    return next(filter(None, map(os.environ.get, _NAMES)), None)
