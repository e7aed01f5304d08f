"""Text for files that people read, in editors and terminals."""

from __future__ import annotations

import re
from typing import Final

# Ends of lines in any program, and what would do more in a terminal than be read.
_BREAKS: Final = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029]+")
_CONTROLS: Final = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")


def plain(text: str) -> str:
    """Return ``text`` on one line and without control characters."""
    if text.isprintable():
        return text
    return _CONTROLS.sub("", _BREAKS.sub(" ", text)).strip()
