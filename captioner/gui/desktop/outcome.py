"""Carries out what another process asks for, and says in a sentence what came of it.

The sentences are for a terminal, so they are in English, as all is that the terminal shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from captioner.core.errors import UnsupportedError
from captioner.gui.commands import Command

if TYPE_CHECKING:
    from captioner.gui.front_end import FrontEnd

_ANSWERS: Final = {
    Command.COPY: "What can be read now is copied.",
    Command.TRANSCRIPT: "The transcript is open.",
    Command.SETTINGS: "The settings are open.",
    Command.WELCOME: "The first steps are open.",
    Command.QUIT: "Captioner quits.",
}


def carry_out(front_end: FrontEnd, command: Command) -> str:
    """Do ``command`` and return what happened.

    Raises:
        UnsupportedError: This program cannot do it.
    """
    was_running = front_end.desk.runner.is_running
    if not front_end.can_do(command):
        raise UnsupportedError(f"This Captioner cannot do '{command}'.")
    front_end.do(command)
    if command is Command.TOGGLE:
        return "Captions are stopping." if was_running else "Captions are starting."
    if command is Command.STATUS:
        session = front_end.desk.runner.session
        return "Captions are starting." if session is None else session.health.sentence
    return _ANSWERS.get(command) or _state_after(front_end, command)


def _state_after(front_end: FrontEnd, command: Command) -> str:
    overlay = front_end.overlay
    match command:
        case Command.PAUSE:
            return "Captions are paused." if overlay.is_held else "Captions are live."
        case Command.CLICK_THROUGH if front_end.desk.live.now.overlay.click_through:
            return "The mouse reaches what is behind the captions."
        case Command.CLICK_THROUGH:
            return "The mouse reaches the captions."
        case Command.ARRANGE if overlay.is_arranging:
            return "The arrow keys move the captions now; Esc ends that."
        case Command.ARRANGE:
            return "The captions stay where they are now."
        case _:
            return "Captions are shown." if overlay.isVisible() else "Captions are hidden."
