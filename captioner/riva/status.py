"""gRPC status codes as errors that a person can act on."""

from __future__ import annotations

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

_Code = grpc.StatusCode

_TLS_SIGNS: Final = (
    "ssl",
    "tls",
    "certificate",
    "handshake",
)
_NOT_GRPC_SIGNS: Final = (
    "trying to connect an http1.x server",
    "http/1.1",
    "missing :status",
    "invalid status line",
)


def error_from_status(code: grpc.StatusCode, details: str | None, *, server: str) -> CaptionerError:
    """Return the error that a finished call stands for.

    Args:
        code: The status code of the call; never ``OK``.
        details: The status message. TLS faults surface as UNAVAILABLE and are told apart by it.
        server: What a person calls the server, for the sentence.

    Returns:
        An error whose ``retryable`` says whether another try can help.
    """
    said = " ".join((details or "").split())
    lower = said.lower()
    name = code.name
    if code in (_Code.UNAVAILABLE, _Code.UNKNOWN, _Code.INTERNAL):
        if any(sign in lower for sign in _NOT_GRPC_SIGNS):
            return ProtocolError(
                f"{server} answers, but does not speak gRPC.",
                hint="Check the port: Riva's gRPC port is usually 50051; 9000 is for HTTP.",
                code=name,
            )
        if any(sign in lower for sign in _TLS_SIGNS):
            return TlsError(
                f"No secure connection to {server} could be made: {said}",
                hint="Check that TLS is on at both ends, and that the CA file is the server's.",
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
                f"The connection to {server} failed: {said or name}",
                hint="Check that the server runs and that the network reaches it.",
                code=name,
            )
