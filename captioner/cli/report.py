"""How the command line speaks to people: on standard error, in colour where that is wanted."""

from __future__ import annotations

import sys


def print_error(message: str, *, hint: str = "") -> None:
    """Print what went wrong, and below it what to do; `NO_COLOR` and pipes get plain text."""
    from rich.console import Console  # noqa: PLC0415  # not loaded while all goes well
    from rich.text import Text  # noqa: PLC0415  # see above

    console = Console(file=sys.stderr, highlight=False, soft_wrap=True)
    console.print(Text.assemble(("Error: ", "bold red"), message))
    if hint:
        console.print(Text.assemble(("Fix: ", "bold green"), hint))
