"""What is kept of the captions after they were read."""

from __future__ import annotations

from pydantic import Field

from captioner.settings.base import SettingsModel


class HistorySettings(SettingsModel):
    """The transcripts on this computer.

    Attributes:
        is_kept: Whether what was said is kept at all.
        folder: Where; None takes the profile's own folder.
        keep_days: For how many days; 0 keeps it until it is deleted.
    """

    is_kept: bool = True
    folder: str | None = Field(default=None, min_length=1)
    keep_days: int = Field(default=0, ge=0, le=3650)
