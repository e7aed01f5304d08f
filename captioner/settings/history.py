"""What is kept of the captions after they were read."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import Field, field_validator

from captioner.settings.base import SettingsModel

_FILE_NAME: Final = "history.db"


class HistorySettings(SettingsModel):
    """The transcripts on this computer.

    Attributes:
        is_kept: Whether what was said is kept at all.
        folder: Where; None takes the profile's own folder.
        keep_days: For how many days; 0 keeps it until it is deleted.
        encrypted: Whether the file is encrypted, with a key in the keyring.
    """

    is_kept: bool = True
    folder: str | None = Field(default=None, min_length=1)
    keep_days: int = Field(default=0, ge=0, le=3650)
    encrypted: bool = False

    @field_validator("folder")
    @classmethod
    def _is_whole(cls, value: str | None) -> str | None:
        try:
            is_whole = value is None or Path(value).expanduser().is_absolute()
        except RuntimeError:  # "~somebody", who has no home here
            is_whole = False
        if not is_whole:
            raise ValueError("give the whole path of the folder")
        return value


def history_file(settings: HistorySettings, data_dir: Path) -> Path:
    """Return where the history of a profile with this folder for data is, or would be."""
    folder = Path(settings.folder).expanduser() if settings.folder else data_dir
    return folder / _FILE_NAME
