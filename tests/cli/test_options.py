"""Options that go together, and those that do not."""

from __future__ import annotations

import pytest

from captioner.cli.options import audio_overrides
from captioner.core.errors import ConfigurationError


def test_each_option_is_a_setting() -> None:
    assert audio_overrides("both", None, "Desk", "HDMI") == {
        "audio.source": "both",
        "audio.device": None,
        "audio.mic_device": "Desk",
        "audio.system_device": "HDMI",
    }


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (("both", "Desk", None, None), "--mic-device and --system-device"),
        (("mic", None, "Desk", None), "--source both"),
        ((None, None, None, "HDMI"), "--source both"),
    ],
)
def test_what_makes_no_sense_together_names_the_fix(
    given: tuple[str | None, str | None, str | None, str | None], names: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        audio_overrides(*given)
    assert names in refused.value.hint
