"""``captioner gui``: the overlay."""

from __future__ import annotations

import typer

from captioner.cli.context import AppContext, app_context


def gui(ctx: typer.Context) -> None:
    """Show live captions in a window that stays on top."""
    raise typer.Exit(show_window(app_context(ctx)))


def show_window(context: AppContext) -> int:
    """Run the window until it is quit and return the exit code.

    Raises:
        UnsupportedError: There is no display.
    """
    from captioner.gui.app import run  # noqa: PLC0415  # Qt is loaded only for a window

    return run(context.load(), context.paths)
