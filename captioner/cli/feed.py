"""``captioner feed``: captions without a window, for other programs and for OBS."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
    DeviceOption,
    LanguageOption,
    MicDeviceOption,
    ModelOption,
    ServerOption,
    SourceOption,
    SystemDeviceOption,
    TlsOption,
    WebCertOption,
    WebClientsOption,
    WebHostOption,
    WebKeyOption,
    WebPingOption,
    audio_overrides,
    recogniser_overrides,
)
from captioner.cli.running import run_session
from captioner.cli.web_token import chosen_token, say_how_long
from captioner.core.errors import CaptionerError
from captioner.feed.feed import Feed
from captioner.session.controller import CaptionSession
from captioner.settings.models import Settings
from captioner.settings.web_tokens import FEED
from captioner.transcript.contract import feed_schema

if TYPE_CHECKING:
    from captioner.telemetry.metrics import Metrics
    from captioner.web.metrics_port import MetricsAddress


def feed(
    ctx: typer.Context,
    *,
    source: SourceOption = None,
    device: DeviceOption = None,
    mic_device: MicDeviceOption = None,
    system_device: SystemDeviceOption = None,
    server: ServerOption = None,
    tls: TlsOption = None,
    ca_file: CaFileOption = None,
    model: ModelOption = None,
    language: LanguageOption = None,
    host: WebHostOption = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="Port to serve at; 0 takes any free one.", show_default="8760"
        ),
    ] = None,
    feed_cert: WebCertOption = None,
    feed_key: WebKeyOption = None,
    max_clients: WebClientsOption = None,
    ping_interval: WebPingOption = None,
    metrics_port: MetricsPortOption = None,
    metrics_host: MetricsHostOption = None,
    metrics_token_file: MetricsTokenFileOption = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            help="File with the token that readers must have. Without it the environment's "
            "CAPTIONER_FEED_TOKEN is taken, else one from the keyring.",
            show_default=False,
        ),
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of the feed, and end.")
    ] = False,
) -> None:
    """Caption and serve the captions to other programs, and as a page for OBS. Ctrl-C stops.

    The address of the page is printed; add it to OBS as a browser source. Whoever has it can read
    along. How it looks is part of the address, before the #, such as
    http://127.0.0.1:8760/?size=48&lines=2&background=000000b0#token=...

    Examples:
    * captioner feed
    * captioner feed --source both --port 9000
    * captioner feed --host 0.0.0.0 --feed-cert cert.pem --feed-key key.pem
    * captioner feed --schema
    """
    if schema:
        typer.echo(json.dumps(feed_schema(), indent=2))
        return
    overrides = audio_overrides(source, device, mic_device, system_device)
    overrides |= recogniser_overrides(server, tls, ca_file, model, language)
    overrides |= {
        "feed.host": host,
        "feed.port": port,
        "feed.tls_cert": feed_cert,
        "feed.tls_key": feed_key,
        "feed.max_clients": max_clients,
        "feed.ping_interval_s": ping_interval,
    }
    settings = app_context(ctx).load(overrides).settings
    metrics = metrics_address(metrics_port, metrics_host, metrics_token_file)
    if asyncio.run(_serve(settings, token_file, metrics)):
        raise typer.Exit(ExitCode.INTERRUPTED)


async def _serve(
    settings: Settings, token_file: Path | None, metrics_at: MetricsAddress | None
) -> bool:
    async with metrics_served(metrics_at) as metrics:
        return await _feed(settings, token_file, metrics)


async def _feed(settings: Settings, token_file: Path | None, metrics: Metrics | None) -> bool:
    token = await chosen_token(token_file, FEED)
    served = Feed(settings.feed, token.token)
    address = await served.start()
    try:
        typer.echo(f"Captions are served at {address.socket_url}", err=True)
        typer.echo(
            "The page for OBS and browsers; whoever has this address can read along:", err=True
        )
        typer.echo(address.page_url(token.token))
        say_how_long(token, FEED)
        session = CaptionSession(settings)
        session.subscribe(served)
        if metrics is not None:
            metrics.sessions.follow(session)
            metrics.follow_engine(lambda: session.engine_counts)
            metrics.follow_feed(lambda: served.clients, lambda: served.dropped)
        try:
            return await run_session(session)
        except CaptionerError as error:
            served.tell_error(error)
            raise
    finally:
        await served.close()
