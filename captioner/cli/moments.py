"""Moments as people write them on a command line, in local time."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

from captioner.core.errors import ConfigurationError

_AGO: Final = re.compile(r"(\d{1,5})(m|h|d|w)")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
HELP: Final = "2026-11-25, 2026-11-25T14:30, today, yesterday, or so long ago: 30m, 2h, 7d, 4w."


def moment(text: str | None, *, is_end: bool = False) -> float | None:
    """Return the moment that ``text`` means, in seconds since 1970; None for None.

    Args:
        text: As `HELP` lists.
        is_end: Whether a day means its end instead of its beginning.

    Raises:
        ConfigurationError: It means none.
    """
    if text is None:
        return None
    now = datetime.now().astimezone()
    if ago := _AGO.fullmatch(text):
        return (now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})).timestamp()
    days = {"today": now.date(), "yesterday": now.date() - timedelta(days=1)}
    try:
        day = days.get(text) or date.fromisoformat(text)
    except ValueError:
        try:
            return datetime.fromisoformat(text).astimezone().timestamp()
        except ValueError:
            raise ConfigurationError(
                f'"{text}" is no moment that Captioner understands.', hint=f"Write {HELP}"
            ) from None
    # A day may be shorter or longer than 24 hours; the date knows.
    day += timedelta(days=is_end)
    return datetime(day.year, day.month, day.day).astimezone().timestamp()  # local


def local_time(at: float, form: str = "%Y-%m-%d %H:%M") -> str:
    """Return a moment as the user's clock shows it."""
    return as_datetime(at).strftime(form)


def as_datetime(at: float) -> datetime:
    """Return a moment in the user's time zone."""
    return datetime.fromtimestamp(at, tz=UTC).astimezone()
