"""The operating system, by the name that its users know."""

from __future__ import annotations

import platform


def system_name() -> str:
    """Return such as "Debian GNU/Linux 12 (bookworm), x86_64"."""
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:  # not Linux, or one that does not say
        name = f"{platform.system()} {platform.release()}".strip()
    return f"{name}, {platform.machine()}"
