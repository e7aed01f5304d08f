"""``captioner serve``: the embedded engine as a server of the Riva protocol."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import suppress
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from pydantic import SecretStr

from captioner.cli.metrics_options import (
    MetricsHostOption,
    MetricsPortOption,
    MetricsTokenFileOption,
    metrics_address,
    metrics_served,
)
from captioner.core.errors import ConfigurationError, UnsupportedError
from captioner.engine.access import TlsFiles
from captioner.engine.server import EngineServer, ServerOptions, run_server
from captioner.settings.serving import read_token
from captioner.telemetry.logs import register_secret

if TYPE_CHECKING:
    from captioner.core.counts import EngineCounts
    from captioner.engine.backend import Backend
    from captioner.engine.servicer import RecognitionService

_TOKEN_VARIABLE = "CAPTIONER_TOKEN"  # noqa: S105 - the variable's name, not a token
_COUNTS_EVERY_S: Final = 1.0


class EngineName(StrEnum):
    """The back ends."""

    MOONSHINE = "moonshine"
    MOCK = "mock"


def serve(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes any free one.")
    ] = 50051,
    engine: Annotated[
        EngineName,
        typer.Option(help="[b]moonshine[/] recognises speech; [b]mock[/] plays a script instead."),
    ] = EngineName.MOONSHINE,
    script: Annotated[
        Path | None, typer.Option(help="JSON file that the mock plays.", show_default=False)
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            help="File with the bearer token that callers must carry. "
            "Without it the environment's CAPTIONER_TOKEN is taken.",
            show_default=False,
        ),
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(help="PEM file with the server's certificate.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file with its private key.")] = None,
    tls_client_ca: Annotated[
        Path | None,
        typer.Option(
            help="PEM file with the authority whose certificates callers must show (mutual TLS)."
        ),
    ] = None,
    max_streams: Annotated[
        int, typer.Option(min=1, max=1000, help="Streams that are served at a time.")
    ] = 8,
    metrics_port: MetricsPortOption = None,
    metrics_host: MetricsHostOption = None,
    metrics_token_file: MetricsTokenFileOption = None,
    open_network: Annotated[
        bool,
        typer.Option(
            "--open-network", help="Listen beyond this computer even without a token or TLS."
        ),
    ] = False,
    announce: Annotated[
        bool, typer.Option("--announce", help="Print one JSON line once the port is bound.")
    ] = False,
    tell_counts: Annotated[
        bool,
        typer.Option(
            "--tell-counts", help="Print what was counted, a JSON line a second while it changes."
        ),
    ] = False,
    exit_with_parent: Annotated[
        bool, typer.Option("--exit-with-parent", help="Stop when standard input ends.")
    ] = False,
) -> None:
    """Serve the embedded engine over the Riva protocol.

    NVIDIA's own clients work against it. Stop it with Ctrl-C: streams get their last words.

    A script for the mock is a JSON file such as
    {"utterances": [{"start_s": 0.5, "end_s": 2.0, "text": "Hello there."}]}
    """
    if (tls_cert is None) is not (tls_key is None):
        raise ConfigurationError(
            "TLS needs a certificate and its key.", hint="Give both --tls-cert and --tls-key."
        )
    if tls_client_ca is not None and tls_cert is None:
        raise ConfigurationError(
            "Clients can show a certificate only over TLS.",
            hint="Give --tls-cert and --tls-key too, or leave --tls-client-ca out.",
        )
    options = ServerOptions(
        host=host,
        port=port,
        token=_token(token_file),
        tls=TlsFiles(tls_cert, tls_key, tls_client_ca) if tls_cert and tls_key else None,
        max_streams=max_streams,
        open_network=open_network,
    )

    def tell(bound: int) -> None:
        record = {
            "event": "listening",
            "host": host,
            "port": bound,
            "tls": options.tls is not None,
            "engine": engine.value,
        }
        if announce:
            typer.echo(json.dumps(record))
        else:
            mock = " (a mock: its words are scripted)" if engine is EngineName.MOCK else ""
            typer.echo(f"Engine {engine.value}{mock} listens on {host}:{bound}", err=True)

    address = metrics_address(metrics_port, metrics_host, metrics_token_file)
    backend = _backend(engine, script)

    async def run() -> None:
        server = EngineServer(backend, options)
        telling: list[asyncio.Task[None]] = []

        def on_listening(bound: int) -> None:
            tell(bound)
            if tell_counts:
                task = asyncio.create_task(_tell_counts(server.service), name="engine-counts")
                telling.append(task)

        async with metrics_served(address) as metrics:
            if metrics is not None:
                metrics.follow_engine(lambda: server.service.counts)
            try:
                await run_server(
                    server, on_listening=on_listening, exit_with_parent=exit_with_parent
                )
            finally:
                for task in telling:
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task
                    await _tell(server.service.counts)

    asyncio.run(run())


async def _tell_counts(service: RecognitionService) -> None:
    told: EngineCounts | None = None
    while True:
        if (counts := service.counts) != told:
            told = counts
            await _tell(counts)
        await asyncio.sleep(_COUNTS_EVERY_S)


async def _tell(counts: EngineCounts) -> None:
    line = json.dumps({"event": "counts", "counts": asdict(counts)})
    with suppress(OSError):  # the parent is gone, and so will this process be
        await asyncio.to_thread(typer.echo, line)


def _token(path: Path | None) -> SecretStr | None:
    # Taken out of the environment, so that no child process inherits it.
    given = os.environ.pop(_TOKEN_VARIABLE, "")
    token = read_token(path) if path is not None else SecretStr(given) if given else None
    if token is not None:
        register_secret(token.get_secret_value())
    return token


def _backend(engine: EngineName, script: Path | None) -> Backend:
    # Each back end is imported only when it is chosen: the model's library takes its time.
    if engine is EngineName.MOCK:
        from captioner.engine.mock import DEFAULT_SCRIPT, MockBackend, read_script  # noqa: PLC0415

        return MockBackend(DEFAULT_SCRIPT if script is None else read_script(script))
    if script is not None:
        raise ConfigurationError(
            "A script is only for the mock.", hint="Add --engine mock, or leave --script out."
        )
    try:
        from captioner.engine.moonshine import MoonshineBackend  # noqa: PLC0415
    except ModuleNotFoundError as error:
        # There are no wheels for macOS, for one.
        raise UnsupportedError(
            f"The embedded engine needs the Python module '{error.name}', which is not installed.",
            hint="Install Captioner again, or set a Riva server instead: RIVA_HOST and RIVA_PORT.",
        ) from error

    return MoonshineBackend()
