"""What is left of a crash: the stacks of Python at the moment when native code ended the process.

Python cannot log any more then, so its fault handler writes the stacks (names of files and
functions, without any value) into a file that lies ready beside the log. The next start that finds
one makes a report of it, which belongs to the logs. No secret and no caption can be in it.
Exceptions are no crashes: `captioner.telemetry.logs` writes them, redacted, into the log itself.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TextIO

from captioner import __version__
from captioner.core.system import system_name

_log = logging.getLogger(__name__)

_MOST_REPORTS: Final = 5
_open: TextIO | None = None
"""Kept open as long as the process lives: the fault handler knows only its number."""


def report_crashes(log_file: Path | None) -> None:
    """Report a crash of an earlier process with the same log, and be ready for one of this.

    Args:
        log_file: The log of this process alone, or None where there is none: then nothing is kept.
    """
    global _open
    if log_file is None:
        return
    ready = log_file.with_suffix(".crash")
    try:
        _make_report(ready)
        descriptor = os.open(ready, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        _log.warning("Crashes are not reported: %s (%s).", ready, error.strerror)
        return
    before, _open = _open, os.fdopen(descriptor, "w", encoding="utf-8")
    faulthandler.enable(_open)
    if before is not None:
        before.close()


def _make_report(found: Path) -> None:
    if not found.exists() or found.stat().st_size == 0:
        return
    when = datetime.fromtimestamp(found.stat().st_mtime, UTC)
    report = found.with_name(f"crash-{when:%Y%m%d-%H%M%S}.log")
    stacks = found.read_text(encoding="utf-8", errors="replace")
    head = f"Captioner {__version__}, Python {platform.python_version()}, {system_name()}\n{when}\n"
    descriptor = os.open(report, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(f"{head}\n{stacks}")
    found.unlink()
    for old in sorted(report.parent.glob("crash-*.log"))[:-_MOST_REPORTS]:
        old.unlink(missing_ok=True)
    _log.warning("Captioner was ended by a fault before. The report is in %s.", report)
