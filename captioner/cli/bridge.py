"""``captioner bridge``: captions of audio that comes over WebSocket."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from captioner.bridge.bridge import Bridge
from captioner.cli.context import app_context
from captioner.cli.exit_codes import ExitCode
from captioner.cli.metrics_options import (
    MetricsHostOption,
    MetricsPortOption,
    MetricsTokenFileOption,
    metrics_address,
    metrics_served,
)
from captioner.cli.options import (
    CaFileOption,
    LanguageOption,
    ModelOption,
    ServerOption,
    TlsOption,
    WebCertOption,
    WebClientsOption,
    WebHostOption,
    WebKeyOption,
    WebPingOption,
    recogniser_overrides,
)
from captioner.cli.running import stop_on_signals
from captioner.cli.web_token import chosen_token, say_how_long
from captioner.settings.models import Settings
from captioner.settings.web_tokens import BRIDGE

if TYPE_CHECKING:
    from captioner.telemetry.metrics import Metrics
    from captioner.web.metrics_port import MetricsAddress


def bridge(
    ctx: typer.Context,
    *,
    server: ServerOption = None,
    tls: TlsOption = None,
    ca_file: CaFileOption = None,
    model: ModelOption = None,
    language: LanguageOption = None,
    host: WebHostOption = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            envvar="APP_PORT",
            help="Port to serve at; 0 takes any free one.",
            show_default="8761",
        ),
    ] = None,
    bridge_cert: WebCertOption = None,
    bridge_key: WebKeyOption = None,
    max_clients: WebClientsOption = None,
    ping_interval: WebPingOption = None,
    max_message_mb: Annotated[
        float | None,
        typer.Option(
            min=0.01,
            max=16,
            envvar="WS_MAX_MESSAGE_SIZE_MB",
            help="Megabytes of the largest message of a client, each half a minute of audio.",
            show_default="1",
        ),
    ] = None,
    metrics_port: MetricsPortOption = None,
    metrics_host: MetricsHostOption = None,
    metrics_token_file: MetricsTokenFileOption = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            help="File with the token that clients must have. Without it the environment's "
            "CAPTIONER_BRIDGE_TOKEN is taken, else one from the keyring.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Caption the audio that programs and browsers send, each its own. Ctrl-C stops.

    The address of a page is printed, which captions the microphone of the browser that opens it.

    Programs connect to /ws/transcribe?client_id=NAME, say {"type": "start_recording"}, and send
    16-bit samples, 16,000 a second. /healthz says whether all is well. /metrics has the metrics
    for Prometheus (with the token as bearer), as --metrics-port has.

    Examples:
    * captioner bridge
    * captioner bridge --server riva.example.org:50051
    * captioner bridge --host 0.0.0.0 --bridge-cert cert.pem --bridge-key key.pem
    """
    overrides = recogniser_overrides(server, tls, ca_file, model, language)
    overrides |= {
        "bridge.host": host,
        "bridge.port": port,
        "bridge.tls_cert": bridge_cert,
        "bridge.tls_key": bridge_key,
        "bridge.max_clients": max_clients,
        "bridge.ping_interval_s": ping_interval,
        "bridge.max_message_mb": max_message_mb,
    }
    settings = app_context(ctx).load(overrides).settings
    metrics = metrics_address(metrics_port, metrics_host, metrics_token_file)
    asyncio.run(_serve(settings, token_file, metrics))
    raise typer.Exit(ExitCode.INTERRUPTED)


async def _serve(
    settings: Settings, token_file: Path | None, metrics_at: MetricsAddress | None
) -> None:
    async with metrics_served(metrics_at) as metrics:
        await _bridge(settings, token_file, metrics)


async def _bridge(settings: Settings, token_file: Path | None, metrics: Metrics | None) -> None:
    token = await chosen_token(token_file, BRIDGE)
    served = Bridge(settings, token.token, metrics)
    try:
        address = await served.start()
        typer.echo(f"Programs send audio to {address.socket_url}", err=True)
        typer.echo("The page for browsers; whoever has this address can use the bridge:", err=True)
        typer.echo(address.page_url(token.token))
        say_how_long(token, BRIDGE)
        async with stop_on_signals(served.close) as asked:
            await asked.wait()
    finally:
        await served.close()
