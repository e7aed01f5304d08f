"""Commands for the window that is running: each asks it for one thing and prints the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import typer

from captioner.cli.context import app_context
from captioner.cli.exit_codes import exit_code_for
from captioner.cli.output import write_output
from captioner.cli.report import print_error
from captioner.gui.commands import Command
from captioner.gui.desktop.client import ask

_HELP: Final = """{summary}

This asks the window of the same profile, which runs already, and prints what came of it.

Examples:
* captioner {name}
* captioner --profile-dir ~/meetings {name}

To have a key for it, let the desktop run the command:
* GNOME: Settings, Keyboard, View and Customise Shortcuts, Custom Shortcuts
* KDE Plasma: System Settings, Keyboard, Shortcuts, Add New, Command
"""


def _asking(command: Command, summary: str) -> Callable[[typer.Context], None]:
    def run(ctx: typer.Context) -> None:
        answer = ask(app_context(ctx).paths, command)
        if answer.category is not None:
            print_error(answer.message, hint=answer.hint)
            raise typer.Exit(exit_code_for(answer.category))
        write_output(f"{answer.message}\n")

    run.__doc__ = _HELP.format(summary=summary, name=command.value)
    return run


toggle = _asking(Command.TOGGLE, "Start the captions, or stop them; the last words are kept.")
pause = _asking(
    Command.PAUSE,
    "Hold the captions still for reading, or let them go on. What is said meanwhile is not lost.",
)
show = _asking(Command.SHOW, "Hide the captions, or show them again.")
arrange = _asking(
    Command.ARRANGE, "Move and resize the captions with the arrow keys, or end that; so does Esc."
)
click_through = _asking(
    Command.CLICK_THROUGH,
    "Let the mouse reach what is behind the captions, or the captions again.",
)
transcript = _asking(Command.TRANSCRIPT, "Open the transcript.")
settings = _asking(Command.SETTINGS, "Open the settings.")
status = _asking(Command.STATUS, "Say how the captions are, and open what tells more.")
quit_window = _asking(Command.QUIT, "End the program in order; the last words are kept.")
