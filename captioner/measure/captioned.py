"""What came of captioning a recording as a user does: end to end, or with a fault on the way."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from captioner.measure.result import Accuracy

SCHEMA: Final = "captioner.captioned/1"
"""Goes up when a reader of the earlier one would misunderstand a document."""


class Trial(StrEnum):
    """What was tried."""

    END_TO_END = "end-to-end"
    FAULT = "fault"


class Captioned(BaseModel):
    """All of one trial.

    Attributes:
        schema_name: What kind of document this is.
        trial: What was tried.
        begun_at: When, with its time zone.
        server: Who recognised, as people write it.
        audio: Name of what was played.
        way: How the sound came to Captioner: through an output, or as a file.
        words: How the captions differ from what is said.
        limit_wer_percent: Most word errors in a hundred.
        longest_pause_s: The longest time between two captions.
        away_s: How long the server was away; None where nothing was killed.
        restarted: Whether it came back by itself; None where nothing was killed.
    """

    model_config = ConfigDict(frozen=True, serialize_by_alias=True, validate_by_name=True)

    schema_name: Literal["captioner.captioned/1"] = Field(default=SCHEMA, alias="schema")
    trial: Trial
    begun_at: datetime
    server: str
    audio: str
    way: Literal["sound", "file"]
    words: Accuracy
    limit_wer_percent: float
    longest_pause_s: float
    away_s: float | None = None
    restarted: bool | None = None

    @property
    def passed(self) -> bool:
        """Whether few enough words were wrong, and the server came back where it was killed."""
        return 100 * self.words.wer <= self.limit_wer_percent and self.restarted is not False
