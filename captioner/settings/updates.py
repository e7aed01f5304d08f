"""Whether anybody is asked for newer versions of the program, and who."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from pydantic import field_validator

from captioner.settings.base import SettingsModel

_LONGEST: Final = 2000


class UpdateSettings(SettingsModel):
    """The daily look for a newer version; off, and without an address, nobody is asked.

    Attributes:
        check: Whether the window looks once a day.
        url: Of a JSON file with ``version`` and ``page``; there is no default.
    """

    check: bool = False
    url: str = ""

    @field_validator("url")
    @classmethod
    def _encrypted(cls, url: str) -> str:
        url = url.strip()
        if url and not is_https(url):
            raise ValueError("it must be an address such as https://example.org/captioner.json")
        return url


def is_https(url: str) -> bool:
    """Return whether ``url`` is a whole address of HTTPS, without a user's name or password."""
    if not (url.isascii() and url.isprintable()) or " " in url or len(url) > _LONGEST:
        return False
    try:
        parts = urlsplit(url)
        # The port is looked at because a bad one shows only then.
        return (
            parts.scheme == "https"
            and bool(parts.hostname)
            and parts.port != 0
            and (parts.username is None)
        )
    except ValueError:
        return False
