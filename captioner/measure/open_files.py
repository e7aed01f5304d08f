"""Room for many connections: each is an open file to the system, which counts them."""

from __future__ import annotations

import sys
from typing import Final

from captioner.core.errors import ConfigurationError

_EACH: Final = 2
"""A stream that is opened again may for a moment have two connections."""

_BESIDE: Final = 64


def make_room(streams: int, option: str) -> None:
    """See to it that so many connections may be open.

    Args:
        streams: How many.
        option: What to make smaller where they may not.

    Raises:
        ConfigurationError: The system does not allow them.
    """
    if sys.platform == "win32":
        return  # it counts no connections
    import resource  # noqa: PLC0415  # Windows has none

    needed = _EACH * streams + _BESIDE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        most = max(1, (hard - _BESIDE) // _EACH)
        raise ConfigurationError(
            f"{streams} streams need {needed} open files, and the system allows {hard}.",
            hint=f"Allow more (`ulimit -Hn`, as root), or give {option} {most}.",
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
