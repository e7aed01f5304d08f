"""What settings may be."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from captioner.settings.models import AudioSettings


@pytest.mark.parametrize("source", ["auto", "system", "mic", "both", "-", "file:talk.wav"])
def test_what_can_be_heard(source: str) -> None:
    assert AudioSettings(source=source).source == source


@pytest.mark.parametrize("source", ["", "foo", "file:", "mic ", "system\n"])
def test_what_cannot_be_heard_is_refused_in_plain_words(source: str) -> None:
    with pytest.raises(ValidationError, match="choose one of auto, system, mic, both"):
        AudioSettings(source=source)
