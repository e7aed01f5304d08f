"""The engine's server: its port, its health, and its way up and down."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from pydantic import SecretStr
from riva.client.proto import riva_asr_pb2_grpc

from captioner.core.errors import ConfigurationError, UnavailableError
from captioner.core.process_use import process_use
from captioner.engine.access import TlsFiles, TokenCheck, is_loopback
from captioner.engine.backend import Backend
from captioner.engine.servicer import RecognitionService
from captioner.telemetry.log_lines import with_fields

logger = logging.getLogger(__name__)

_SERVICE: Final = "nvidia.riva.asr.RivaSpeechRecognition"
_GRACE_S: Final = 2.0
_LARGEST_MESSAGE: Final = 64 * 1024 * 1024
_OPTIONS: Final = (
    # Without this two servers could share a port, and half of the calls would go astray.
    ("grpc.so_reuseport", 0),
    # A whole recording comes in one message.
    ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
    # Clients ping a quiet stream to know that we live; gRPC would take that for an attack.
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 1_000),
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.keepalive_permit_without_calls", 1),
    # A client that vanished without a word gives its place back.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
)
_Status = health_pb2.HealthCheckResponse


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """Where and to whom the engine is served.

    Attributes:
        host: Address or name to listen on.
        port: 0 lets the system choose.
        token: What callers must carry; None lets everybody call.
        tls: The server's identity; None serves in plain text.
        max_streams: Calls that are served at a time.
        open_network: Listen beyond loopback even without token or TLS.
    """

    host: str = "127.0.0.1"
    port: int = 0
    token: SecretStr | None = None
    tls: TlsFiles | None = None
    max_streams: int = 8
    open_network: bool = False


class EngineServer:
    """One server on one port. Used once."""

    def __init__(self, backend: Backend, options: ServerOptions) -> None:
        """Prepare; nothing listens before `start`."""
        self._backend = backend
        self._options = options
        self._server: grpc.aio.Server | None = None
        self._health = health.aio.HealthServicer()  # type: ignore[attr-defined]  # untyped
        self._loading: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self.service = RecognitionService(backend, max_streams=options.max_streams)

    async def start(self) -> int:
        """Listen, begin to load the model, and return the port.

        Raises:
            ConfigurationError: The address is open to others and unprotected, or is none.
            TlsError: The certificate cannot be used.
            UnavailableError: The address is taken or not this computer's.
        """
        options = self._options
        if not (is_loopback(options.host) or options.open_network) and (
            options.tls is None or (options.token is None and options.tls.client_authority is None)
        ):
            raise ConfigurationError(
                f"Listening on {options.host} would let others on the network reach the engine "
                "without a token, or read along without TLS.",
                hint="Give --tls-cert and --tls-key, with --token-file or --tls-client-ca; or say "
                "--open-network.",
            )
        credentials = None if options.tls is None else options.tls.credentials()
        await asyncio.to_thread(_try_address, options.host, options.port)
        checks = [] if options.token is None else [TokenCheck(options.token)]
        server = grpc.aio.server(interceptors=checks, options=_OPTIONS)
        riva_asr_pb2_grpc.add_RivaSpeechRecognitionServicer_to_server(self.service, server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        await self._set_health(_Status.NOT_SERVING)
        address = _address(options.host, options.port)
        try:
            port = (
                server.add_insecure_port(address)
                if credentials is None
                else server.add_secure_port(address, credentials)
            )
        except RuntimeError as error:
            raise _taken(options.host, options.port) from error
        await server.start()
        self._server = server
        self._loading = asyncio.create_task(self._load(), name="engine-load")
        logger.info("Engine %s listens on %s", self._backend.name, _address(options.host, port))
        return port

    def ask_to_stop(self) -> None:
        """Let `wait` return."""
        self._stop.set()

    async def wait(self) -> None:
        """Return when asked to stop.

        Raises:
            EngineError: The model could not be loaded.
        """
        stop = asyncio.create_task(self._stop.wait(), name="engine-stop")
        waiting = {stop} if self._loading is None else {stop, self._loading}
        while not stop.done() and waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if self._loading in done and self._loading.exception() is not None:
                stop.cancel()
                self._loading.result()

    async def close(self) -> None:
        """Let the calls say their last words, stop listening, and free the model."""
        await self._set_health(_Status.NOT_SERVING)
        if self._loading is not None:
            # Loading goes on in a thread that cannot be stopped: wait for it, then free it.
            await asyncio.wait({self._loading})
        server, self._server = self._server, None
        if server is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_GRACE_S):
                    await self.service.stop()
            await server.stop(grace=_GRACE_S)
        await self._backend.close()
        logger.info("Engine stopped", extra=with_fields(process_use()))

    async def _load(self) -> None:
        await self._backend.load()
        self.service.set_ready()
        await self._set_health(_Status.SERVING)

    async def _set_health(self, status: int) -> None:
        for service in ("", _SERVICE):
            await self._health.set(service, status)


async def run_server(
    server: EngineServer,
    *,
    on_listening: Callable[[int], None],
    exit_with_parent: bool,
) -> None:
    """Serve until a signal comes, or the parent closes our standard input.

    Args:
        server: It, not started yet.
        on_listening: Called with the port, before the model is loaded.
        exit_with_parent: Whether the end of standard input ends the server.

    Raises:
        CaptionerError: It could not listen, or the model could not be loaded.
    """
    try:
        with _stop_signals(server.ask_to_stop):
            on_listening(await server.start())
            if exit_with_parent:
                _watch_parent(server.ask_to_stop)
            await server.wait()
    finally:
        await server.close()


@contextlib.contextmanager
def _stop_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call ``stop`` on SIGINT and SIGTERM; a second one ends the process at once."""
    loop = asyncio.get_running_loop()
    previous = {}

    def on_signal(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        loop.call_soon_threadsafe(stop)

    # Not loop.add_signal_handler: Windows' loop has none.
    for number in (signal.SIGINT, signal.SIGTERM):
        previous[number] = signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _watch_parent(stop: Callable[[], None]) -> None:
    """Call ``stop`` when standard input ends, which it does when the parent is gone."""
    loop = asyncio.get_running_loop()

    def watch() -> None:
        while sys.stdin.buffer.read(1):
            pass
        # After the loop is closed there is nobody left to tell.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(stop)

    # A daemon: the read cannot be interrupted, and must not keep a stopped engine alive.
    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}"


def _try_address(host: str, port: int) -> None:
    """Bind once to learn why it fails, which gRPC does not tell."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise ConfigurationError(
            f"There is no address for the host {host}.", hint="Check --host."
        ) from error
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as probe:
        if sys.platform != "win32":
            # There it would allow to steal a port that is in use.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise ConfigurationError(
                    f"{host} is no address of this computer.", hint="Check --host."
                ) from error
            if error.errno == errno.EACCES:
                raise ConfigurationError(
                    f"Port {port} may not be used: ports below 1024 are reserved.",
                    hint="Choose a higher --port.",
                ) from error
            raise _taken(host, port) from error


def _taken(host: str, port: int) -> UnavailableError:
    return UnavailableError(
        f"{_address(host, port)} is in use by another program.",
        hint="Choose another --port, or 0 for any free one.",
        code=errno.errorcode[errno.EADDRINUSE],
    )
