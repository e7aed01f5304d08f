"""The sound servers that the other tests rest on."""

from __future__ import annotations

import subprocess

import pytest

from tests.support.clips import BECKETT, TWO_CITIES, normalised, word_error_rate
from tests.support.pulse import SoundServer


@pytest.mark.sound
def test_a_clip_that_is_played_is_heard(sound_server: SoundServer) -> None:
    player = sound_server.play(BECKETT.path)
    heard = subprocess.Popen(
        ["/usr/bin/parec", "--device=speakers.monitor", "--format=s16le", "--rate=16000"],
        env=sound_server.environ,
        stdout=subprocess.PIPE,
    )
    assert heard.stdout is not None
    assert any(heard.stdout.read(64_000))
    heard.terminate()
    heard.communicate(timeout=5)
    player.terminate()
    player.wait(5)


@pytest.mark.sound
def test_devices_come_and_go(sound_server: SoundServer) -> None:
    module = sound_server.add_sink("dock")
    sound_server.set_default_sink("dock")
    sound_server.remove_module(module)
    assert "dock" not in {device["name"] for device in sound_server.listed("sinks")}


def test_word_error_rate_ignores_case_and_punctuation() -> None:
    assert normalised("The well-known, IT'S 'so'.") == "the well known it's so"
    assert word_error_rate(BECKETT.text, BECKETT.text.upper().replace(".", "!")) == 0.0
    assert word_error_rate("one two three four", "one two four five") == 0.5
    assert TWO_CITIES.path.is_file()
