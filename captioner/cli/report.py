"""How the command line speaks to people: on standard error, in colour where that is wanted."""

from __future__ import annotations

import errno
import sys

from captioner.core.errors import CaptionerError, ConfigurationError, FaultError
from captioner.telemetry.logs import log_file_in_use


def print_error(message: str, *, hint: str = "") -> None:
    """Print what went wrong, and below it what to do; `NO_COLOR` and pipes get plain text."""
    from rich.console import Console  # noqa: PLC0415  # not loaded while all goes well
    from rich.text import Text  # noqa: PLC0415  # see above

    console = Console(file=sys.stderr, highlight=False, soft_wrap=True)
    console.print(Text.assemble(("Error: ", "bold red"), message))
    if hint:
        console.print(Text.assemble(("Fix: ", "bold green"), hint))


def as_told(error: Exception) -> CaptionerError:
    """Return ``error`` as users are told of it: what none was to meet is a fault of ours."""
    if isinstance(error, CaptionerError):
        return error
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return ConfigurationError(
            "There is no room left to write to.", hint="Make room on the disk.", code="ENOSPC"
        )
    return FaultError(
        "Captioner met a fault of its own and stopped.",
        hint=_fault_hint(),
        code=type(error).__name__,
    )


def _fault_hint() -> str:
    log_file = log_file_in_use()
    if log_file is None:
        return "Run it again with --verbose."
    return f"The details are in {log_file}."
