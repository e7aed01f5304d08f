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
from captioner.riva import connecting
from captioner.riva.text import plain

_Code = grpc.StatusCode

_NOT_GRPC_SIGNS: Final = (
    "trying to connect an http1.x server",
    "expected settings frame",
    "missing :status",
    "invalid status line",
    "missing selected alpn",
)
_HUNG_UP_SIGNS: Final = ("socket closed", "connection reset")
_DIALLING: Final = ("connections to all backends failing", "failed to connect to all addresses")
_NO_NAME: Final = re.compile(r"address lookup failed for (\S+):\d+: ")
_PROXY_ANSWER: Final = re.compile(r"http proxy returned response code (\d{3})")
_OPENSSL_REASON: Final = re.compile(r"OPENSSL_internal:(?:[A-Z0-9]+_ALERT_)?([A-Z][A-Z0-9_]+)")
_TLS_SIGNS: Final = (
    ("certificate has expired", connecting.expired),
    ("certificate is not yet valid", connecting.not_yet_valid),
    ("hostname verification", connecting.wrong_host),
    ("certificate_verify_failed", connecting.unknown_authority),
    ("wrong_version_number", connecting.not_tls),
)
"""What gRPC says of a handshake, the narrower first."""

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
            return connecting.not_grpc(server, code=name)
        found = _tls_error(lower, reason, server, name) or _dialling_error(lower, server, name)
        if found is not None:
            return found
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
        case _Code.DEADLINE_EXCEEDED:
            return UnavailableError(
                f"{server} did not answer in time: {said or name}.",
                hint="Look at the load of the server and of the network in between.",
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


def _dialling_error(lower: str, server: str, name: str) -> CaptionerError | None:
    """Return the error for a connection that never stood, where gRPC says what was in the way."""
    if (unknown := _NO_NAME.search(lower)) is not None:
        return connecting.unknown_name(unknown[1], server, code=name)
    if (answer := _PROXY_ANSWER.search(lower)) is not None:
        return connecting.proxy_refusal(answer[1], server, code=name)
    if not any(sign in lower for sign in _DIALLING):
        return None
    if "connection refused" in lower:
        return connecting.refused(server, code=name)
    if any(sign in lower for sign in _HUNG_UP_SIGNS):
        return connecting.hung_up(server, code=name)
    return None


def _tls_error(lower: str, reason: str, server: str, name: str) -> TlsError | None:
    """Return the error for a handshake that another try cannot mend.

    A connection that merely broke off during the handshake is not one: it is tried again.
    """
    for sign, error in _TLS_SIGNS:
        if sign in lower:
            return error(server, code=name)
    if "security handshaker" in lower:
        return TlsError(
            f"No secure connection to {server} can be prepared.",
            hint="Check that the CA file (RIVA_SSL_CERT) is a PEM file with certificates, and that "
            "the client's key belongs to its certificate.",
            code=name,
        )
    if "ssl_error_ssl" in lower or "tls handshake failed" in lower or "peer name" in lower:
        why = _OPENSSL_REASON.search(reason)
        words = why[1].replace("_", " ").lower() if why else "the server's answer makes no sense"
        return TlsError(
            f"The secure handshake with {server} failed: {words}.",
            hint="Check that TLS is on at both ends, that the CA file is the server's, and "
            "whether it wants a client certificate.",
            code=name,
        )
    return None
