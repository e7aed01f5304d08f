"""Who may call: a bearer token, and where the server may listen without one."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import grpc
from pydantic import SecretStr

from captioner.settings.serving import server_context, trust_clients

_Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The server's identity.

    Attributes:
        certificate: PEM file with the certificate and what leads to its authority.
        key: PEM file with its private key, not encrypted.
        client_authority: PEM file with the authority whose certificates clients must show (mutual
            TLS); None asks for none.
    """

    certificate: Path
    key: Path
    client_authority: Path | None = None

    def credentials(self) -> grpc.ServerCredentials:
        """Return them for a port.

        Raises:
            TlsError: A file is missing, unreadable, or the two do not belong together.
        """
        # gRPC takes any bytes and fails at the first handshake; this tells at once.
        context = server_context(self.certificate, self.key)
        pair = (self.key.read_bytes(), self.certificate.read_bytes())
        if self.client_authority is None:
            return grpc.ssl_server_credentials([pair])
        trust_clients(context, self.client_authority)
        return grpc.ssl_server_credentials(
            [pair],
            root_certificates=self.client_authority.read_bytes(),
            require_client_auth=True,
        )


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
