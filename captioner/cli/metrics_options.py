"""The options of commands that show their metrics to a collector such as Prometheus."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer
from pydantic import SecretStr

from captioner.settings.serving import read_token
from captioner.telemetry.logs import register_secret

if TYPE_CHECKING:
    from captioner.telemetry.metrics import Metrics
    from captioner.web.metrics_port import MetricsAddress

_TOKEN_VARIABLE: Final = "CAPTIONER_METRICS_TOKEN"  # noqa: S105 - the variable's name, not a token

MetricsPortOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--metrics-port",
        min=0,
        max=65535,
        envvar="METRICS_PORT",
        help="Port to serve metrics for Prometheus at; 0 takes any free one. Without it there "
        "are none.",
        show_default=False,
    ),
]

MetricsHostOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--metrics-host",
        help="Address to serve metrics at. Beyond this computer they want a token.",
        show_default="127.0.0.1",
    ),
]

MetricsTokenFileOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--metrics-token-file",
        help=f"File with the bearer token that Prometheus must carry. Without it the "
        f"environment's {_TOKEN_VARIABLE} is taken.",
        show_default=False,
    ),
]


def metrics_address(
    port: int | None, host: str | None, token_file: Path | None
) -> MetricsAddress | None:
    """Return where metrics are to be served; None where they were not asked for.

    Raises:
        ConfigurationError: The token file cannot be used.
    """
    # Taken out of the environment, so that no child process inherits it.
    given = os.environ.pop(_TOKEN_VARIABLE, "")
    if port is None:
        return None
    # Both libraries are loaded only where there is something to serve.
    from captioner.web.metrics_port import MetricsAddress  # noqa: PLC0415

    token = read_token(token_file) if token_file else SecretStr(given) if given else None
    if token is not None:
        register_secret(token.get_secret_value())
    return MetricsAddress(port, host or "127.0.0.1", token)


@asynccontextmanager
async def metrics_served(address: MetricsAddress | None) -> AsyncIterator[Metrics | None]:
    """Serve metrics at ``address``, if there is one, and say where.

    Yields:
        What is served, to be filled.

    Raises:
        CaptionerError: The address cannot be used.
    """
    if address is None:
        yield None
        return
    from captioner.telemetry.metrics import CONTENT_TYPE, Metrics  # noqa: PLC0415
    from captioner.web.metrics_port import MetricsPort  # noqa: PLC0415

    metrics = Metrics()
    served = MetricsPort(address, metrics.text, CONTENT_TYPE)
    url = await served.start()
    typer.echo(f"Metrics are served at {url}", err=True)
    try:
        yield metrics
    finally:
        await served.close()
