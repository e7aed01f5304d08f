"""What a server is asked to do with the speech."""

from __future__ import annotations

from pydantic import Field, field_validator

from captioner.settings.base import SettingsModel
from captioner.settings.vocabulary import BoostedPhrase


class EndpointingSettings(SettingsModel):
    """When an utterance begins and ends; None leaves a value to the server.

    Attributes:
        start_history_ms: Window in which speech must show to begin an utterance, in milliseconds;
            servers count in steps of 80.
        start_threshold: Share of that window that must be speech.
        stop_history_ms: Window in which silence must show to end an utterance, in milliseconds.
        stop_threshold: Share of that window that must be silence.
        stop_history_eou_ms: The same for the first, early look at the end (two passes).
        stop_threshold_eou: Share of silence for it.
    """

    start_history_ms: int | None = Field(default=None, ge=1, le=60_000)
    start_threshold: float | None = Field(default=None, ge=0, le=1)
    stop_history_ms: int | None = Field(default=None, ge=1, le=60_000)
    stop_threshold: float | None = Field(default=None, ge=0, le=1)
    stop_history_eou_ms: int | None = Field(default=None, ge=1, le=60_000)
    stop_threshold_eou: float | None = Field(default=None, ge=0, le=1)


class RecognitionSettings(SettingsModel):
    """What is asked of every server.

    Attributes:
        model: Name of the model; empty lets the server choose.
        language: BCP 47 tag of the spoken language.
        punctuation: Whether punctuation and capitals are asked for.
        inverse_text_normalization: Whether "twenty one" may come as "21".
        profanity_filter: Whether swear words are masked: by the server, or by the embedded engine,
            which knows the common English ones.
        word_times: Whether the times of words are asked for.
        partials: Whether words are shown before they are final.
        boosted: Phrases to expect, in addition to those of the chosen vocabulary.
        vocabulary: Name of the chosen one of `Settings.vocabularies`; empty chooses none.
        endpointing: When an utterance begins and ends.
        diarization: Whether the server is asked who speaks.
        max_speakers: How many speakers there are at most; 0 leaves it to the server.
        custom: Settings of a model that the protocol has no field for.
    """

    model: str = ""
    language: str = Field(default="en-US", min_length=1)
    punctuation: bool = True
    inverse_text_normalization: bool = True
    profanity_filter: bool = False
    word_times: bool = True
    partials: bool = True
    boosted: tuple[BoostedPhrase, ...] = ()
    vocabulary: str = ""
    endpointing: EndpointingSettings = EndpointingSettings()
    diarization: bool = False
    max_speakers: int = Field(default=0, ge=0, le=64)
    custom: dict[str, str] = Field(default_factory=dict)

    @field_validator("custom")
    @classmethod
    def _named(cls, custom: dict[str, str]) -> dict[str, str]:
        if any(not name.strip() for name in custom):
            raise ValueError("each custom setting needs a name")
        return custom
