"""``captioner gui``: the overlay."""

from __future__ import annotations

import typer

from captioner.cli.context import app_context


def gui(ctx: typer.Context) -> None:
    """Show live captions in a window that stays on top."""
    from captioner.gui.app import run  # noqa: PLC0415  # Qt is loaded only for a window

    context = app_context(ctx)
    raise typer.Exit(run(context.load(), context.paths))
