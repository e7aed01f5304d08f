"""Standard output as a place for results: a reader who leaves, a full disk, a closed stream."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TextIO, cast

from captioner.core.errors import ConfigurationError


def open_closed_streams() -> None:
    """Let a standard stream that the caller closed count as the null device.

    The next file that is opened would otherwise take its number, and get what is written there.
    """
    if sys.stdin is None:
        sys.stdin = _null_device("r")
    if sys.stdout is None:
        sys.stdout = _null_device("w")
    if sys.stderr is None:
        sys.stderr = _null_device("w")


def _null_device(mode: str) -> TextIO:
    # Open for as long as the process lasts.
    return cast("TextIO", Path(os.devnull).open(mode, encoding="utf-8"))


def write_output(text: str) -> bool:
    """Write ``text`` to standard output; return False when its reader has left.

    Raises:
        ConfigurationError: It could not be written.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        leave_output(error)
        return False
    return True


def reason_of(failure: Exception) -> str:
    """Return what the system says of a failed write, without numbers."""
    return (isinstance(failure, OSError) and failure.strerror) or str(failure)


def leave_output(failure: Exception) -> None:
    """End quietly when the reader of a pipe has left; otherwise say what is wrong with the output.

    Raises:
        ConfigurationError: It could not be written.
    """
    # Python would try to flush what is left once more at its end, and complain.
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    if not isinstance(failure, BrokenPipeError):
        raise ConfigurationError(
            f"The captions cannot be written: {reason_of(failure)}.",
            hint="Make room on the disk, or write them somewhere else.",
        ) from failure
