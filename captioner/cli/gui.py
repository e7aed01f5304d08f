"""``captioner gui``: the overlay."""

from __future__ import annotations

import typer

from captioner.cli.context import AppContext, app_context
from captioner.cli.display import display_problem
from captioner.core.errors import UnsupportedError


def gui(ctx: typer.Context) -> None:
    """Show live captions in a window that stays on top."""
    problem = display_problem()
    if problem is not None:
        raise UnsupportedError(
            problem,
            hint="Log in at the desktop, or use `captioner live` for captions in the terminal.",
        )
    raise typer.Exit(show_window(app_context(ctx)))


def show_window(context: AppContext) -> int:
    """Run the window until it is quit and return the exit code."""
    from captioner.gui.app import run  # noqa: PLC0415  # Qt is loaded only for a window

    return run(context.load(), context.paths)
