"""``captioner config set-key`` and ``remove-key``: API keys in the system's keyring.

A key is typed without echo or comes on standard input. It is never an argument, because everyone
on the machine can read those.
"""

from __future__ import annotations

import asyncio
import os
import sys
from getpass import getpass
from typing import Annotated

import typer
from pydantic import SecretStr

from captioner.cli.context import app_context
from captioner.core.errors import ConfigurationError
from captioner.core.network import split_server
from captioner.settings.endpoints import DEFAULT_PORT, EndpointSettings
from captioner.settings.secrets import SecretStore
from captioner.telemetry.logs import register_secret

ServerArgument = Annotated[
    str,
    typer.Argument(
        metavar="HOST:PORT", help="The server; without a port: 50051.", show_default=False
    ),
]


def set_key(ctx: typer.Context, server: ServerArgument) -> None:
    """Keep the API key of a server in the keyring. Asks for it, or reads standard input.

    Examples:
    * captioner config set-key grpc.nvcf.nvidia.com:443
    * pass show nvidia | captioner config set-key grpc.nvcf.nvidia.com:443
    """
    account = _account(server)
    key = _read_key(account)
    register_secret(key.get_secret_value())
    store = asyncio.run(SecretStore().set(account, key))
    typer.echo(f"The key for {account} is kept in {store}.")
    if account not in {each.account for each in app_context(ctx).load().settings.endpoints}:
        typer.echo("This server is not among yours; see `captioner config show`.", err=True)
    if os.environ.get("RIVA_API_KEY", "").strip():
        typer.echo("RIVA_API_KEY is set, and is used instead as long as it is.", err=True)


def remove_key(server: ServerArgument) -> None:
    """Take the API key of a server out of the keyring.

    Example:
    * captioner config remove-key grpc.nvcf.nvidia.com:443
    """
    account = _account(server)
    if not asyncio.run(SecretStore().delete(account)):
        raise ConfigurationError(
            f"The keyring has no key for {account}.",
            hint="Keys are kept by host and port; `captioner config show` lists your servers.",
        )
    typer.echo(f"The key for {account} is forgotten.")


def _account(server: str) -> str:
    host, port = split_server(server)
    return EndpointSettings(host=host, port=DEFAULT_PORT if port is None else port).account


def _read_key(account: str) -> SecretStr:
    # Not typer's prompt: it asks first and turns the echo off afterwards.
    text = getpass(f"API key for {account}: ") if sys.stdin.isatty() else sys.stdin.read()
    key = text.strip()
    if not key:
        raise ConfigurationError("No key was given.", hint="Type it, or pass it on standard input.")
    if not (key.isascii() and key.isprintable()):
        raise ConfigurationError(
            "The key holds characters that cannot be sent.",
            hint="Copy it once more; it consists of letters, digits and signs only.",
        )
    return SecretStr(key)
