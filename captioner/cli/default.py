"""``captioner`` without a command: captions wherever this computer can show them.

In a window where there is a display and something to hear. Otherwise the bundled speech sample in
the terminal, in real time, so that everyone sees Captioner at work.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import typer
from rich.console import Console

from captioner.audio.sample import sample_path
from captioner.cli.context import AppContext, app_context
from captioner.cli.gui import show_window
from captioner.core.errors import CaptionerError, UnsupportedError
from captioner.gui.desktop.client import is_running
from captioner.gui.display import choose_platform

_INSTEAD: Final = (
    "Caption a file of yours: `captioner live --source file:PATH`, with RIVA_HOST set."
)


def run_default(ctx: typer.Context) -> int:
    """Caption, and return the exit code.

    Raises:
        CaptionerError: Neither the window nor the terminal could do it.
    """
    context = app_context(ctx)
    if display_problem() is None and is_running(context.paths):
        return show_window(context)
    reason = why_not_a_window(display_problem, sound_problem)
    if reason is None:
        return show_window(context)
    return _caption_sample(ctx, context, reason)


def why_not_a_window(*problems: Callable[[], str | None]) -> str | None:
    """Return the first problem that keeps a window from captioning this computer, or None.

    Args:
        problems: Asked in this order, each only when those before it found nothing.
    """
    return next((found for problem in problems if (found := problem()) is not None), None)


def display_problem() -> str | None:
    """Return why no window can be shown here, as a sentence, or None when one can."""
    try:
        choose_platform(os.environ)
    except UnsupportedError as error:
        return error.message
    return None


def sound_problem() -> str | None:
    """Return why nothing can be heard here, as a sentence, or None when something can."""
    from captioner.audio.devices import list_devices  # noqa: PLC0415  # loads sound libraries

    try:
        found = list_devices()
    except CaptionerError as error:
        return error.message
    return None if found else "There is no sound device here."


def _caption_sample(ctx: typer.Context, context: AppContext, reason: str) -> int:
    from captioner.cli.live import live  # noqa: PLC0415  # loads the whole session

    console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
    console.print(reason, style="bold yellow")
    console.print(
        "So Captioner captions its bundled speech sample here, in real time. `captioner live` "
        "captions the sound of this computer, or a file.\n"
    )
    sample = sample_path(instead=_INSTEAD)
    begun = datetime.now(UTC).astimezone()
    transcript = context.paths.data_dir / f"sample-{begun:%Y%m%d-%H%M%S}.txt"
    code = 0
    try:
        live(ctx, source=f"file:{sample}", save=transcript)
    except typer.Exit as stop:
        code = stop.exit_code
    console.print(f"\nThe transcript is in {transcript}", style="bold")
    return code
