"""A port at which collectors read the metrics of this process."""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from pydantic import SecretStr
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from captioner.core.errors import CaptionerError, ConfigurationError, UnavailableError
from captioner.core.network import is_loopback
from captioner.web.access import Access, Refusal
from captioner.web.pages import refused, response

_PATH: Final = "/metrics"
_OPEN_LIMIT_S: Final = 5.0
_LARGEST_MESSAGE: Final = 1024
_NOT_HERE: Final = Refusal(HTTPStatus.NOT_FOUND, f"There is nothing here but {_PATH}.")

_library_log = logging.getLogger(f"{__name__}.library")
_library_log.setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class MetricsAddress:
    """Where metrics are served, and to whom.

    Attributes:
        port: 0 lets the system choose.
        host: Address to listen on.
        token: What collectors must carry; None lets everybody on this computer read.
    """

    port: int
    host: str = "127.0.0.1"
    token: SecretStr | None = None


class MetricsPort:
    """Answers on the loop that it was started on; reading metrics takes milliseconds."""

    def __init__(self, address: MetricsAddress, read: Callable[[], bytes], kind: str) -> None:
        """Prepare; nothing is bound before `start`.

        Args:
            address: Where.
            read: Returns the metrics.
            kind: What their text is.
        """
        self._address, self._read, self._kind = address, read, kind
        self._access = Access(
            address.token or SecretStr(""), "http", is_local=is_loopback(address.host)
        )
        self._server: Server | None = None

    async def start(self) -> str:
        """Bind the port, and return the URL of the metrics.

        Raises:
            ConfigurationError: The address is open to others without a token, or is none.
            UnavailableError: The port is taken.
        """
        address = self._address
        if address.token is None and not self._access.is_local:
            raise ConfigurationError(
                f"Metrics at {address.host} would tell others on the network when somebody speaks.",
                hint="Give --metrics-token-file or set CAPTIONER_METRICS_TOKEN, or leave "
                "--metrics-host out.",
            )
        host = address.host.strip("[]")
        try:
            self._server = await serve(
                _refuse_sockets,
                host,
                address.port,
                process_request=self._answer,
                compression=None,
                server_header=None,
                open_timeout=_OPEN_LIMIT_S,
                close_timeout=_OPEN_LIMIT_S,
                max_size=_LARGEST_MESSAGE,
                logger=_library_log,
            )
        except OSError as error:
            raise _not_bound(address, error) from error
        port: int = next(iter(self._server.sockets)).getsockname()[1]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}{_PATH}"

    async def close(self) -> None:
        """Free the port."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def _answer(self, _connection: ServerConnection, request: Request) -> Response:
        refusal = self._access.refuse_request(request.path, request.headers)
        if refusal is None and self._address.token is not None:
            refusal = self._access.refuse_stranger(request.headers)
        if refusal is None and request.path.partition("?")[0] != _PATH:
            refusal = _NOT_HERE
        if refusal is not None:
            return refused(refusal)
        return response(HTTPStatus.OK, self._read(), self._kind)


async def _refuse_sockets(connection: ServerConnection) -> None:
    """End a socket; none is ever opened, because each request has its answer."""
    await connection.close()


def _not_bound(address: MetricsAddress, error: OSError) -> CaptionerError:
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return ConfigurationError(
            f"Metrics cannot be served at {address.host}: it is no address of this computer.",
            hint="Leave --metrics-host out, or give an address that this computer has.",
        )
    if error.errno == errno.EACCES:
        return ConfigurationError(
            f"Port {address.port} may not be used for metrics: ports below 1024 are reserved.",
            hint="Choose a higher --metrics-port (or METRICS_PORT).",
        )
    return UnavailableError(
        f"Metrics cannot be served at {address.host}:{address.port}: the port is in use by "
        "another program.",
        hint="Choose another --metrics-port (or METRICS_PORT), 0 for any free one.",
        code=errno.errorcode.get(error.errno or 0, ""),
    )
