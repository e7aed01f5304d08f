"""What can be asked of the running program: by its menus, by keys, and by another start of it."""

from __future__ import annotations

from enum import StrEnum


class Command(StrEnum):
    """A thing to do, under the name that the command line has for it."""

    TOGGLE = "toggle"
    """Start or stop the captions."""

    PAUSE = "pause"
    """Hold the captions still, or let them go on; they are heard all the same."""

    COPY = "copy"
    """Copy the captions that can be read now."""

    SHOW = "show"
    """Show the overlay, or hide it."""

    RAISE = "raise"
    """Show the overlay, because somebody looks for it."""

    ARRANGE = "arrange"
    """Begin or end arrange mode."""

    CLICK_THROUGH = "click-through"
    """Switch whether the mouse reaches what is behind the overlay."""

    TRANSCRIPT = "transcript"
    """Open the transcript."""

    SETTINGS = "settings"
    """Open the settings."""

    STATUS = "status"
    """Open what tells how things are."""

    WELCOME = "welcome"
    """Go through the first steps again."""

    QUIT = "quit"
    """End the program in order."""
