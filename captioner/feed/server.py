"""The port of the feed: one WebSocket for captions, and the page that shows them."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from pydantic import SecretStr
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from captioner.core.errors import CaptionerError, ConfigurationError, UnavailableError
from captioner.core.network import is_loopback
from captioner.feed.access import FULL, PROTOCOL, Access
from captioner.feed.client import serve_client
from captioner.feed.hub import Hub
from captioner.feed.page import Page, refused
from captioner.settings.feed import FeedSettings
from captioner.settings.serving import server_context

PATH: Final = "/ws/captions"

_OPEN_LIMIT_S: Final = 5.0
_PING_S: Final = 20.0
_LARGEST_MESSAGE: Final = 4096
_LARGEST_BACKLOG: Final = 2**15
_WITHOUT_HANDSHAKE: Final = 50
"""Sockets beyond the clients that may be open, for pages and for handshakes that go on."""

# The library logs frames, which are transcripts, and each handshake that a stranger breaks off.
_library_log = logging.getLogger(f"{__name__}.library")
_library_log.setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class FeedAddress:
    """Where a feed is.

    Attributes:
        scheme: "http" or "https".
        host: As clients call it, an IPv6 address in brackets.
        port: The bound one.
    """

    scheme: str
    host: str
    port: int

    @property
    def socket_url(self) -> str:
        """Where programs connect."""
        return f"{self.scheme.replace('http', 'ws')}://{self.host}:{self.port}{PATH}"

    def page_url(self, token: SecretStr) -> str:
        """Return where the page is, token included: whoever has it can read along."""
        return f"{self.scheme}://{self.host}:{self.port}/#token={token.get_secret_value()}"


class FeedServer:
    """Serves `hub` until it is closed, all on one loop."""

    def __init__(self, settings: FeedSettings, token: SecretStr, hub: Hub) -> None:
        """Prepare; nothing is bound before `start`."""
        self._settings = settings
        self._hub = hub
        self._page = Page({})
        self._server: Server | None = None
        self._access = Access(
            token,
            "https" if settings.tls_cert else "http",
            is_loopback(settings.host),
            settings.origins,
        )

    async def start(self) -> FeedAddress:
        """Bind the port.

        Raises:
            ConfigurationError: The address is open to others and unprotected, or is none.
            TlsError: The certificate cannot be used.
            UnavailableError: The port is taken.
            UnsupportedError: The page did not come with this installation.
        """
        settings = self._settings
        if not self._access.is_local and self._access.scheme == "http":
            raise ConfigurationError(
                f"The feed would be open to others at {settings.host} without encryption.",
                hint="Set a certificate and its key (feed.tls_cert and feed.tls_key), or serve it "
                "at 127.0.0.1.",
            )
        context = await asyncio.to_thread(_context, settings)
        self._page = await asyncio.to_thread(Page.read)
        host = settings.host.strip("[]")
        try:
            self._server = await serve(
                self._serve,
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
                ping_interval=_PING_S,
                ping_timeout=_PING_S,
                close_timeout=_OPEN_LIMIT_S,
                max_size=_LARGEST_MESSAGE,
                max_queue=4,
                write_limit=_LARGEST_BACKLOG,
                logger=_library_log,
            )
        except OSError as error:
            raise _not_bound(settings, error) from error
        port: int = next(iter(self._server.sockets)).getsockname()[1]
        return FeedAddress(self._access.scheme, _called(host), port)

    async def close(self) -> None:
        """Tell the clients that the feed goes, and free the port."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, connection: ServerConnection) -> None:
        await serve_client(connection, self._hub)

    def _on_request(self, connection: ServerConnection, request: Request) -> Response | None:
        refusal = self._access.refuse_request(request.path, request.headers)
        if refusal is None:
            if request.path.partition("?")[0] != PATH:
                return self._page.answer(request.path)
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
    """Takes no part in a flood of sockets that never say anything."""

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

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._is_refused:
            super().connection_lost(exc)


def _context(settings: FeedSettings) -> ssl.SSLContext | None:
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


def _not_bound(settings: FeedSettings, error: OSError) -> CaptionerError:
    address = f"{settings.host}:{settings.port}"
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return ConfigurationError(
            f"The feed cannot be served at {settings.host}: it is no address of this computer.",
            hint="Set feed.host to 127.0.0.1, or to an address that this computer has.",
        )
    if error.errno == errno.EACCES:
        return ConfigurationError(
            f"The feed may not use port {settings.port}: ports below 1024 are reserved.",
            hint="Choose a higher port (feed.port).",
        )
    return UnavailableError(
        f"The feed cannot be served at {address}: the port is in use by another program.",
        hint="Choose another port (feed.port), or end the other program.",
        code=errno.errorcode.get(error.errno or 0, ""),
    )
