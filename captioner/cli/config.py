"""``captioner config``: what the settings are and where each comes from, and how to change them."""

from __future__ import annotations

import contextlib
import json
from typing import Annotated

import typer

from captioner.cli.config_keys import remove_key, set_key
from captioner.cli.config_show import show
from captioner.cli.context import AppContext, app_context
from captioner.core.errors import ConfigurationError
from captioner.settings.fields import ENDPOINTS
from captioner.settings.store import LoadedSettings, save_settings

app = typer.Typer(
    name="config",
    add_completion=False,
    rich_markup_mode="rich",
    no_args_is_help=True,
    help="""Show and change settings, and keep keys in the keyring.

    Examples:
    * captioner config show
    * captioner config set endpoints.0.host riva.example.org
    * captioner config set-key riva.example.org:50051
    """,
)
app.command("show")(show)
app.command("set-key")(set_key)
app.command("remove-key")(remove_key)

FieldArgument = Annotated[
    str, typer.Argument(help="Name, as `captioner config show` lists it.", show_default=False)
]


@app.command("path")
def path(ctx: typer.Context) -> None:
    """Print where the settings file is, or would be.

    Example:
    * captioner config path
    """
    typer.echo(app_context(ctx).paths.settings_file)


@app.command("set")
def set_field(
    ctx: typer.Context,
    field: FieldArgument,
    value: Annotated[
        str, typer.Argument(help="New value; lists and tables as JSON.", show_default=False)
    ],
) -> None:
    """Change a setting in the settings file.

    Servers are counted from 0; the number after the last adds one.

    Examples:
    * captioner config set overlay.lines 3
    * captioner config set endpoints.0.host riva.example.org
    * captioner config set endpoints.0.tls true
    * captioner config set recognition.boosted '[{"phrase": "Captioner", "boost": 20}]'
    """
    context = app_context(ctx)
    before = _load_numbered_like_the_file(context, field)
    save_settings(context.paths, {field: _parsed(value)})
    typer.echo(f"{field} is saved in {context.paths.settings_file}")
    _tell_lock(before, field)


@app.command("unset")
def unset(ctx: typer.Context, field: FieldArgument) -> None:
    """Take a setting out of the settings file: the default holds again.

    Also takes a whole server or section.

    Examples:
    * captioner config unset overlay.lines
    * captioner config unset endpoints.1
    """
    context = app_context(ctx)
    before = _load_numbered_like_the_file(context, field)
    origin = str(context.paths.settings_file)
    in_file = [name for name, source in before.provenance.items() if source == origin]
    if not any(name == field or name.startswith(f"{field}.") for name in in_file):
        locked = before.locked_by(field) if field in before.provenance else None
        raise ConfigurationError(
            f"{field} is not set in {origin}.",
            hint=f"It comes from {locked}."
            if locked
            else "`captioner config show` lists where each setting comes from.",
        )
    save_settings(context.paths, {}, reset=[field])
    typer.echo(f"{field} is no longer set in {origin}")
    _tell_lock(before, field)


def _load_numbered_like_the_file(context: AppContext, field: str) -> LoadedSettings:
    """Return the settings; refuse where the environment puts another server in front."""
    loaded = context.load()
    host = f"{ENDPOINTS}.0.host"
    lock = loaded.locked_by(host) if host in loaded.provenance else None
    if field.startswith(ENDPOINTS) and lock is not None:
        raise ConfigurationError(
            f"The servers of the settings file cannot be told by number while {lock} names one.",
            hint="Run the command without it: `env -u RIVA_HOST captioner config ...`, or take it "
            "out of the .env.",
        )
    return loaded


def _tell_lock(loaded: LoadedSettings, field: str) -> None:
    lock = loaded.locked_by(field) if field in loaded.provenance else None
    if lock is not None:
        typer.echo(f"Without effect as long as {lock} is set.", err=True)


def _parsed(text: str) -> object:
    """Return what ``text`` says if it is a list or a table in JSON; otherwise the text."""
    if text.lstrip().startswith(("[", "{")):
        with contextlib.suppress(ValueError):
            return json.loads(text)
    return text
