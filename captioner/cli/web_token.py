"""The token of a command that serves: from a file, the environment, or the keyring."""

from __future__ import annotations

import asyncio
from pathlib import Path

import typer

from captioner.settings.secrets import SecretStore
from captioner.settings.serving import read_token
from captioner.settings.web_tokens import TokenPlace, WebToken, checked_token, web_token


async def chosen_token(path: Path | None, place: TokenPlace) -> WebToken:
    """Return the token in the file at ``path``; without one that of ``place``.

    Raises:
        ConfigurationError: It is none.
    """
    if path is None:
        return await web_token(SecretStore(), place)
    return WebToken(checked_token(await asyncio.to_thread(read_token, path)), lasts=True)


def say_how_long(token: WebToken, place: TokenPlace) -> None:
    """Say it where the token holds for this run alone."""
    if not token.lasts:
        typer.echo(
            "There is no keyring to keep the token in: the address holds for this run. "
            f"Set {place.variable} for one that stays.",
            err=True,
        )
