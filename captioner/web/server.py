"""A port with one WebSocket, and the page that uses it."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from pydantic import SecretStr
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from captioner.core.errors import CaptionerError, ConfigurationError, UnavailableError
from captioner.core.network import is_loopback
from captioner.settings.serving import server_context
from captioner.settings.web import WebSettings
from captioner.web.access import FULL, PROTOCOL, Access
from captioner.web.pages import Page, refused

_OPEN_LIMIT_S: Final = 5.0
_LARGEST_BACKLOG: Final = 2**15
_MOST_BACKLOG: Final = 2**20
"""Answers to pings that a client does not read; whoever lets more lie there is no client."""

_WITHOUT_HANDSHAKE: Final = 50
"""Sockets beyond the clients that may be open, for pages and for handshakes that go on."""

# The library logs frames, which are transcripts, and each handshake that a stranger breaks off.
_library_log = logging.getLogger(f"{__name__}.library")
_library_log.setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Service:
    """What is served.

    Attributes:
        section: Its part of the settings, for messages.
        path: Where its WebSocket is.
        serve: Called with each client that may connect.
        files: The page: by path, the name of each resource and the type of its content.
        largest_message: Bytes of a message that a client may send.
        answer: Asked for what is at another path than these; None where there is nothing.
    """

    section: str
    path: str
    serve: Callable[[ServerConnection], Awaitable[None]]
    files: Mapping[str, tuple[str, str]]
    largest_message: int
    answer: Callable[[Request, Access], Response | None] = lambda _request, _access: None


@dataclass(frozen=True, slots=True)
class WebAddress:
    """Where a service is.

    Attributes:
        scheme: "http" or "https".
        host: As clients call it, an IPv6 address in brackets.
        port: The bound one.
        path: Where its WebSocket is.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def socket_url(self) -> str:
        """Where programs connect."""
        return f"{self.scheme.replace('http', 'ws')}://{self.host}:{self.port}{self.path}"

    def page_url(self, token: SecretStr) -> str:
        """Return where the page is, token included: whoever has it can connect."""
        return f"{self.scheme}://{self.host}:{self.port}/#token={token.get_secret_value()}"


class WebServer:
    """Serves until it is closed, all on one loop."""

    def __init__(self, settings: WebSettings, token: SecretStr, service: Service) -> None:
        """Prepare; nothing is bound before `start`."""
        self._settings = settings
        self._service = service
        self._page = Page({})
        self._server: Server | None = None
        self._access = Access(
            token,
            "https" if settings.tls_cert else "http",
            is_loopback(settings.host),
            settings.origins,
        )

    async def start(self) -> WebAddress:
        """Bind the port.

        Raises:
            ConfigurationError: The address is open to others and unprotected, or is none.
            TlsError: The certificate cannot be used.
            UnavailableError: The port is taken.
            UnsupportedError: The page did not come with this installation.
        """
        settings, service = self._settings, self._service
        if not self._access.is_local and self._access.scheme == "http":
            raise ConfigurationError(
                f"Captions would be open to others at {settings.host} without encryption.",
                hint=f"Set a certificate and its key ({service.section}.tls_cert and "
                f"{service.section}.tls_key), or serve at 127.0.0.1.",
            )
        context = await asyncio.to_thread(_context, settings)
        self._page = await asyncio.to_thread(Page.read, service.files)
        host = settings.host.strip("[]")
        try:
            self._server = await serve(
                service.serve,
                host,
                settings.port,
                ssl=context,
                ssl_handshake_timeout=None if context is None else _OPEN_LIMIT_S,
                process_request=self._on_request,
                select_subprotocol=_choose_protocol,
                create_connection=cast("type[ServerConnection]", self._connection),
                compression=None,  # a stranger's memory bomb, and frames are small
                server_header=None,
                open_timeout=_OPEN_LIMIT_S,
                ping_interval=settings.ping_interval_s,
                ping_timeout=settings.ping_interval_s,
                close_timeout=_OPEN_LIMIT_S,
                max_size=service.largest_message,
                max_queue=4,
                write_limit=_LARGEST_BACKLOG,
                logger=_library_log,
            )
        except OSError as error:
            raise _not_bound(settings, service.section, error) from error
        port: int = next(iter(self._server.sockets)).getsockname()[1]
        return WebAddress(self._access.scheme, _called(host), port, service.path)

    async def close(self) -> None:
        """Tell the clients that the service goes, and free the port."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def _on_request(self, connection: ServerConnection, request: Request) -> Response | None:
        refusal = self._access.refuse_request(request.path, request.headers)
        if refusal is None:
            if request.path.partition("?")[0] != self._service.path:
                answer = self._service.answer(request, self._access)
                return answer or self._page.answer(request.path)
            refusal = self._access.refuse_client(request.headers)
        if refusal is not None:
            return refused(refusal)
        server = connection.server
        if len(server.connections) >= self._settings.max_clients:
            return refused(FULL)
        return None

    def _connection(self, *args: Any, **options: Any) -> ServerConnection:  # noqa: ANN401
        limit = self._settings.max_clients + _WITHOUT_HANDSHAKE
        return _Connection(*args, limit=limit, **options)


class _Connection(ServerConnection):
    """Takes no part in a flood of sockets that never say anything, or of pings."""

    def __init__(self, *args: Any, limit: int, **options: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **options)
        self._limit = limit
        self._is_refused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if len(self.server.handlers) >= self._limit and isinstance(transport, asyncio.Transport):
            self._is_refused = True
            transport.abort()
        else:
            super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.transport.get_write_buffer_size() > _MOST_BACKLOG:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._is_refused:
            super().connection_lost(exc)


def _context(settings: WebSettings) -> ssl.SSLContext | None:
    if settings.tls_cert is None:
        return None
    certificate = Path(settings.tls_cert).expanduser()
    return server_context(certificate, Path(settings.tls_key or settings.tls_cert).expanduser())


def _choose_protocol(
    _connection: ServerConnection, offered: Sequence[Subprotocol]
) -> Subprotocol | None:
    wanted = Subprotocol(PROTOCOL)
    return wanted if wanted in offered else None  # the token is never said back


def _called(host: str) -> str:
    """Return what clients call the server that listens at ``host``."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104  # the user chose it
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host


def _not_bound(settings: WebSettings, section: str, error: OSError) -> CaptionerError:
    address = f"{settings.host}:{settings.port}"
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return ConfigurationError(
            f"Captions cannot be served at {settings.host}: it is no address of this computer.",
            hint=f"Set {section}.host to 127.0.0.1, or to an address that this computer has.",
        )
    if error.errno == errno.EACCES:
        return ConfigurationError(
            f"Port {settings.port} may not be used: ports below 1024 are reserved.",
            hint=f"Choose a higher port ({section}.port).",
        )
    return UnavailableError(
        f"Captions cannot be served at {address}: the port is in use by another program.",
        hint=f"Choose another port ({section}.port), or end the other program.",
        code=errno.errorcode.get(error.errno or 0, ""),
    )
