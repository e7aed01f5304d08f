"""Words that matter to the user: to be expected by the recogniser, or to be written otherwise."""

from __future__ import annotations

from pydantic import Field, field_validator

from captioner.settings.base import SettingsModel


class BoostedPhrase(SettingsModel):
    """Words that the recogniser shall expect.

    Attributes:
        phrase: As it is written.
        boost: How much; negative makes it less likely. Servers differ in their scale: Riva's
            message says 0 to 20, the documentation of NIM 20 to 100.
    """

    phrase: str = Field(min_length=1)
    boost: float = Field(default=10.0, ge=-100, le=100)


class Replacement(SettingsModel):
    """What is shown and kept in the place of words that were recognised.

    Attributes:
        heard: One or more whole words as the recogniser writes them; capitals do not matter.
        shown: What stands in their place; empty leaves them out.
    """

    heard: str = Field(min_length=1)
    shown: str = ""

    @field_validator("heard")
    @classmethod
    def _has_a_word(cls, heard: str) -> str:
        if not any(letter.isalnum() for letter in heard):
            raise ValueError("it needs at least one letter or digit")
        return " ".join(heard.split())


class VocabularySettings(SettingsModel):
    """What is special about a kind of talk, such as "Cardiology" or "Team meeting".

    Attributes:
        name: As the user calls it; capitals do not tell two names apart.
        boosted: Phrases to expect.
        replacements: What to show for words that the recogniser gets wrong.
    """

    name: str = Field(min_length=1, max_length=60)
    boosted: tuple[BoostedPhrase, ...] = ()
    replacements: tuple[Replacement, ...] = ()

    @field_validator("name")
    @classmethod
    def _trimmed(cls, name: str) -> str:
        if not (trimmed := " ".join(name.split())):
            raise ValueError("it needs a name")
        return trimmed
