"""Who may call: a bearer token, and where the server may listen without one."""

from __future__ import annotations

import hmac
import ipaddress
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import grpc
from pydantic import SecretStr

from captioner.core.errors import ConfigurationError, TlsError

_Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The server's identity.

    Attributes:
        certificate: PEM file with the certificate and what leads to its authority.
        key: PEM file with its private key, not encrypted.
    """

    certificate: Path
    key: Path

    def credentials(self) -> grpc.ServerCredentials:
        """Return them for a port.

        Raises:
            TlsError: A file is missing, unreadable, or the two do not belong together.
        """
        try:
            # gRPC takes any bytes and fails at the first handshake; this tells at once.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
                self.certificate, self.key, password=_no_password
            )
            pair = (self.key.read_bytes(), self.certificate.read_bytes())
        except ssl.SSLError as error:
            raise TlsError(
                f"The certificate {self.certificate} and the key {self.key} cannot be used "
                f"together: {error.reason or 'they are not PEM files'}.",
                hint="Both must be PEM files of one pair; the key must not have a password.",
            ) from error
        except OSError as error:
            raise TlsError(
                f"The file {error.filename or self.certificate} cannot be read: {error.strerror}.",
                hint="Check --tls-cert and --tls-key.",
            ) from error
        return grpc.ssl_server_credentials([pair])


def _no_password() -> str:
    # Without this, OpenSSL would ask for one on the terminal.
    return ""


def read_token(path: Path) -> SecretStr:
    """Return the token in a file, without the space around it.

    Raises:
        ConfigurationError: There is no such file, it is empty, or it holds several lines.
    """
    try:
        token = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigurationError(
            f"The token file {path} cannot be read: {reason}.", hint="Check --token-file."
        ) from error
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigurationError(
            f"The token file {path} must hold one token: a single line of ASCII without spaces.",
            hint="Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
        )
    return SecretStr(token)


def is_loopback(host: str) -> bool:
    """Return whether only this computer can reach a server on ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class TokenCheck(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]  # generic in the stubs only
    """Refuses every call without the token, those to the health service included."""

    def __init__(self, token: SecretStr) -> None:
        """Expect ``authorization: Bearer <token>``."""
        self._expected = f"Bearer {token.get_secret_value()}".encode()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[_Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> _Handler:
        """Hand the call on, or to a handler that refuses it before anything is read."""
        for name, value in handler_call_details.invocation_metadata or ():
            given = value if isinstance(value, bytes) else value.encode()
            if name == "authorization" and hmac.compare_digest(given, self._expected):
                return await continuation(handler_call_details)
        return grpc.stream_stream_rpc_method_handler(_refuse)


async def _refuse(_requests: object, context: grpc.aio.ServicerContext[Any, Any]) -> None:
    await context.abort(grpc.StatusCode.UNAUTHENTICATED, "a valid bearer token is required")
