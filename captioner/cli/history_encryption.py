"""``captioner history encrypt`` and ``decrypt``."""

from __future__ import annotations

from typing import Final

import typer
from rich.console import Console
from rich.progress import Progress

from captioner.cli.context import app_context
from captioner.cli.history_lookup import history_path
from captioner.core.errors import CaptionerError
from captioner.settings.store import save_settings
from captioner.transcript.history.converting import convert, said_of_conversion
from captioner.transcript.history.files import is_encrypted, is_there, kept_file
from captioner.transcript.history.keys import key_to_begin_with
from captioner.transcript.history.sqlite import cipher

_FIELD: Final = "history.encrypted"


def encrypt(ctx: typer.Context) -> None:
    """Encrypt the transcripts, and from now on all that is said.

    The key lies in your keyring: without it nobody can read them, you neither. Exported files are
    not encrypted, nor are copies that were made before.

    Example:
    * captioner history encrypt
    """
    cipher()
    key_to_begin_with()
    _convert(ctx, encrypted=True)


def decrypt(ctx: typer.Context) -> None:
    """Keep the transcripts without encryption again, those of before and those to come.

    The key stays in the keyring, for copies that were made before.

    Example:
    * captioner history decrypt
    """
    _convert(ctx, encrypted=False)


def _convert(ctx: typer.Context, *, encrypted: bool) -> None:
    context, path = app_context(ctx), history_path(ctx)
    # The setting goes first: a Captioner that runs does as it says, and so does the next start.
    save_settings(context.paths, {_FIELD: encrypted})
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task("Encrypting" if encrypted else "Decrypting", total=None)
            convert(
                path,
                encrypted=encrypted,
                progress=lambda done, whole: bar.update(task, completed=done, total=whole),
            )
    except (CaptionerError, KeyboardInterrupt):
        if is_there(path) and is_encrypted(kept_file(path)) != encrypted:
            save_settings(context.paths, {_FIELD: not encrypted})
        raise
    if is_there(path):
        typer.echo(f"{said_of_conversion(path)} {kept_file(path)}")
    else:
        wish = "be encrypted" if encrypted else "not be encrypted"
        typer.echo(f"There are no transcripts yet; they will {wish}.")
