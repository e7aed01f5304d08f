"""The exit codes of the command line. They are documented in README.md and do not change."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from captioner.core.errors import ErrorCategory


class ExitCode(IntEnum):
    """What the shell is told."""

    OK = 0
    FAULT = 1
    USAGE = 2
    CONFIGURATION = 3
    CREDENTIALS = 4
    REQUEST = 5
    TLS = 6
    UNAVAILABLE = 7
    OVERLOADED = 8
    PROTOCOL = 9
    AUDIO_DEVICE = 10
    INPUT_FILE = 11
    ENGINE = 12
    UNSUPPORTED = 13
    INTERRUPTED = 130


MEANINGS: Final[dict[ExitCode, str]] = {
    ExitCode.OK: "done",
    ExitCode.FAULT: "unexpected fault, or a check of doctor or a limit that was not kept",
    ExitCode.USAGE: "wrong command line",
    ExitCode.CONFIGURATION: "settings, environment or options make no sense",
    ExitCode.CREDENTIALS: "the server refused the key",
    ExitCode.REQUEST: "the server refused the request (model, language, rate)",
    ExitCode.TLS: "no secure connection",
    ExitCode.UNAVAILABLE: "the server cannot be reached, or the address is taken",
    ExitCode.OVERLOADED: "the server has no room now",
    ExitCode.PROTOCOL: "the other side does not speak the Riva protocol",
    ExitCode.AUDIO_DEVICE: "no usable sound device",
    ExitCode.INPUT_FILE: "a file cannot be read as audio",
    ExitCode.ENGINE: "the embedded engine did not start or died",
    ExitCode.UNSUPPORTED: "this computer or installation lacks what is asked for",
    ExitCode.INTERRUPTED: "stopped with Ctrl-C",
}
"""One line a code, for ``--help``; README.md has the same table."""


def exit_code_for(category: ErrorCategory) -> ExitCode:
    """Return the code of an error's category: they share their names."""
    return ExitCode[category.name]
