"""Changes of the settings while a session captions; none of them may cost a word."""

from __future__ import annotations

import random
from typing import Final

from captioner.core.stability import StabilityMode
from captioner.settings.models import Settings
from captioner.settings.vocabulary import BoostedPhrase

QUIET_GAP_S: Final = 5.0
"""The shortest one: after so much quiet a caption is made final."""


def _stability(settings: Settings, chance: random.Random) -> Settings:
    mode = chance.choice(sorted(StabilityMode))
    captions = settings.captions.model_copy(update={"stability": mode})
    return settings.model_copy(update={"captions": captions})


def _quiet_gap(settings: Settings, chance: random.Random) -> Settings:
    gap_s = chance.uniform(QUIET_GAP_S, 2 * QUIET_GAP_S)
    captions = settings.captions.model_copy(update={"quiet_gap_s": gap_s})
    return settings.model_copy(update={"captions": captions})


def _boost(settings: Settings, chance: random.Random) -> Settings:
    boosted = (BoostedPhrase(phrase=f"stent {chance.randrange(1000)}", boost=12.0),)
    recognition = settings.recognition.model_copy(update={"boosted": boosted})
    return settings.model_copy(update={"recognition": recognition})


def _rotation(settings: Settings, chance: random.Random) -> Settings:
    connection = settings.connection.model_copy(
        update={"rotate_after_s": chance.uniform(60.0, 1800.0)}
    )
    return settings.model_copy(update={"connection": connection})


CHANGES: Final = (
    ("stability", _stability),
    ("quiet gap", _quiet_gap),
    ("boosted phrases", _boost),
    ("rotation", _rotation),
)
"""What is changed, and how."""
