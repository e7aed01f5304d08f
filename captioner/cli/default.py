"""``captioner`` without a command: captions wherever this computer can show them."""

from __future__ import annotations

from captioner.cli.context import AppContext


def run_default(context: AppContext) -> int:
    """Show captions in a window and return the exit code."""
    from captioner.gui.app import run  # noqa: PLC0415  # Qt is loaded only for a window

    return run(context.load(), context.paths)
