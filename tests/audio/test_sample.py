"""The speech sample that comes with the embedded engine."""

from __future__ import annotations

import pytest

from captioner.audio import sample
from captioner.audio.sample import SAMPLE_TEXT, sample_path
from captioner.core.errors import UnsupportedError
from tests.support.clips import TWO_CITIES


def test_the_sample_is_speech_that_everyone_has() -> None:
    assert sample_path(instead="") == TWO_CITIES.path
    assert TWO_CITIES.text == SAMPLE_TEXT


def test_without_the_engines_package_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "find_spec", lambda _: None)
    with pytest.raises(UnsupportedError, match="not installed") as caught:
        sample_path(instead="Take another one.")
    assert caught.value.hint == "Take another one."
