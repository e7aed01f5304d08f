"""What settings may be."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from captioner.settings.endpoints import EMBEDDED, ConnectionSettings, EndpointSettings
from captioner.settings.models import AudioSettings, Settings


@pytest.mark.parametrize("source", ["auto", "system", "mic", "both", "-", "file:talk.wav"])
def test_what_can_be_heard(source: str) -> None:
    assert AudioSettings(source=source).source == source


@pytest.mark.parametrize("source", ["", "foo", "file:", "mic ", "system\n"])
def test_what_cannot_be_heard_is_refused_in_plain_words(source: str) -> None:
    with pytest.raises(ValidationError, match="choose one of auto, system, mic, both"):
        AudioSettings(source=source)


def test_the_chosen_server_comes_first_and_the_embedded_engine_alone() -> None:
    first, second = EndpointSettings(host="a"), EndpointSettings(host="b", port=443)

    def with_choice(recogniser: str) -> Settings:
        connection = ConnectionSettings(recogniser=recogniser)
        return Settings(endpoints=(first, second), connection=connection)

    assert with_choice("").servers == (first, second)
    assert with_choice("b:443").servers == (second, first)
    assert with_choice("b:443").recogniser == "b:443"
    assert with_choice("gone:1").servers == (first, second)
    assert with_choice(EMBEDDED).servers == ()
    assert with_choice(EMBEDDED).recogniser == EMBEDDED
    assert Settings().recogniser == EMBEDDED
