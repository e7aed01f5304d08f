"""gRPC status codes as errors that a person can act on."""

from __future__ import annotations

import re
from typing import Final

import grpc

from captioner.core.errors import (
    CaptionerError,
    CredentialsError,
    OverloadedError,
    ProtocolError,
    RequestError,
    TlsError,
    UnavailableError,
)
from captioner.riva.text import plain

_Code = grpc.StatusCode

_NOT_GRPC_SIGNS: Final = (
    "trying to connect an http1.x server",
    "expected settings frame",
    "missing :status",
    "invalid status line",
)
_HUNG_UP_SIGNS: Final = ("socket closed", "connection reset")
_DIALLING: Final = ("connections to all backends failing", "failed to connect to all addresses")
_PROXY_REFUSED: Final = re.compile(r"http proxy returned response code (\d+)")
_PROXY_WANTS_LOGIN: Final = "407"
_LAST_ERROR: Final = re.compile(r"last error: \w+: (?:ipv[46]|unix|dns):\S+: (.+)$")
"""gRPC wraps the reason of a failed connection in addresses and internal codes."""


def error_from_status(code: grpc.StatusCode, details: str | None, *, server: str) -> CaptionerError:
    """Return the error that a finished call stands for.

    Args:
        code: The status code of the call; never ``OK``.
        details: The status message. TLS faults surface as UNAVAILABLE and are told apart by it.
        server: What a person calls the server, for the sentence.

    Returns:
        An error whose ``retryable`` says whether another try can help.
    """
    said = plain(details or "")
    last = _LAST_ERROR.search(said)
    reason = last.group(1) if last else said
    name = code.name
    if code in (_Code.UNAVAILABLE, _Code.UNKNOWN, _Code.INTERNAL):
        lower = said.lower()
        if any(sign in lower for sign in _NOT_GRPC_SIGNS):
            return ProtocolError(
                f"{server} answers, but does not speak gRPC.",
                hint="Check the port: Riva's gRPC port is usually 50051; 9000 is for HTTP.",
                code=name,
            )
        if (error := _tls_error(lower, reason, server, name)) is not None:
            return error
        if (refused := _PROXY_REFUSED.search(lower)) is not None:
            return _proxy_error(refused.group(1), server, name)
        dialling = any(sign in lower for sign in _DIALLING)
        if dialling and any(sign in lower for sign in _HUNG_UP_SIGNS):
            return UnavailableError(
                f"{server} closes the connection at once.",
                hint="Check whether it wants TLS (RIVA_SSL=true), and that the recogniser behind "
                "the port runs.",
                code=name,
            )
    match code:
        case _Code.UNAUTHENTICATED | _Code.PERMISSION_DENIED:
            return CredentialsError(
                f"{server} refused the key: {said or name}",
                hint="Check the API key for this server.",
                code=name,
            )
        case _Code.INVALID_ARGUMENT | _Code.NOT_FOUND | _Code.OUT_OF_RANGE:
            return RequestError(
                f"{server} refused the request: {said or name}",
                hint="Check the model, the language and the sample rate against what it offers.",
                code=name,
            )
        case _Code.UNIMPLEMENTED:
            return ProtocolError(
                f"{server} is no Riva speech recogniser: {said or name}",
                hint="Check host and port.",
                code=name,
            )
        case _Code.RESOURCE_EXHAUSTED:
            return OverloadedError(
                f"{server} has no room for another stream: {said or name}",
                hint="It is tried again; close other clients to make room.",
                code=name,
            )
        case _:
            return UnavailableError(
                f"The connection to {server} failed: {(reason or name).rstrip('.')}.",
                hint="Check that the server runs and that the network reaches it.",
                code=name,
            )


def _proxy_error(answer: str, server: str, name: str) -> CaptionerError:
    if answer == _PROXY_WANTS_LOGIN:
        return CredentialsError(
            f"The proxy on the way to {server} wants a name and a password.",
            hint="Give them in the environment: RIVA_PROXY=http://user:password@proxy:port.",
            code=name,
        )
    return UnavailableError(
        f"The proxy on the way to {server} does not let the connection through ({answer}).",
        hint="Check that it may reach this server, or go without it (RIVA_PROXY=none).",
        code=name,
    )


def _tls_error(lower: str, reason: str, server: str, name: str) -> TlsError | None:
    """Return the error for a handshake that another try cannot mend.

    A connection that merely broke off during the handshake is not one: it is tried again.
    """
    if "certificate_verify_failed" in lower or "hostname verification" in lower:
        return TlsError(
            f"The certificate of {server} is not trusted.",
            hint="Give the PEM file of its authority (RIVA_SSL_CERT), and use the host name that "
            "the certificate is for.",
            code=name,
        )
    if "wrong_version_number" in lower:
        return TlsError(
            f"{server} answers, but not over TLS.",
            hint="Check the port, or turn TLS off for this server (RIVA_SSL=false).",
            code=name,
        )
    if "security handshaker" in lower:
        return TlsError(
            f"No secure connection to {server} can be prepared.",
            hint="Check that the CA file (RIVA_SSL_CERT) is a PEM file with certificates.",
            code=name,
        )
    if "ssl_error_ssl" in lower or "tls handshake failed" in lower or "peer name" in lower:
        return TlsError(
            f"No secure connection to {server} could be made: {reason}",
            hint="Check that TLS is on at both ends, and that the CA file is the server's.",
            code=name,
        )
    return None
