"""Servers that say too little, too much, too late or too slowly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from captioner.core.audio import SAMPLE_RATE
from tests.support.coded_recogniser import PARAKEET, PLAIN, PROFILES, Profile
from tests.support.coded_speech import CodedSpeech, speak
from tests.support.fault_outcome import numbers_in
from tests.support.fault_run import caption, reference
from tests.support.fault_stage import Fault, Stage, lasting
from tests.support.riva_server import Result, final, partial

SPEECH = speak(14, seed=4)
LONG = speak(40, seed=5)
WITH_QUIET = speak(30, seed=6, pause_ms=(5800, 6500))
SAME = {
    f"{name}, {kind}": replace(profile, **change)
    for name, profile in PROFILES.items()
    for kind, change in {
        "no progress told": {"progress": False},
        "late finals": {"late_ms": 1500},
    }.items()
}


def reset(stage: Stage) -> None:
    stage.proxy.reset()


def mute(stage: Stage) -> None:
    stage.mute = True


def speaks(stage: Stage) -> None:
    stage.mute = False


@pytest.mark.parametrize("profile", SAME.values(), ids=SAME)
async def test_a_break_in_each_utterance(profile: Profile) -> None:
    breaks = [Fault(SPEECH.middle_of(n, 0), reset) for n in range(1, len(SPEECH.utterances))]
    outcome = await caption(SPEECH, breaks, profile=profile)
    outcome.require(await reference(SPEECH, profile), tolerance_ms=1000)
    assert len(outcome.streams) == len(breaks) + 1


@pytest.mark.parametrize("base", PROFILES.values(), ids=PROFILES)
async def test_words_that_the_next_stream_hears_again(base: Profile) -> None:
    """The final alone has the last word, and no times: nobody can tell where it ended.

    Short chunks let a stream begin between two words.
    """
    profile = replace(base, sparse=True, two_pass=False, restarts=False, late_ms=0)
    breaks = [Fault(SPEECH.pause_after(n), reset) for n in range(len(SPEECH.utterances) - 1)]
    outcome = await caption(SPEECH, breaks, profile=profile, chunk=400)
    outcome.require(await reference(SPEECH, profile))


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
async def test_a_server_that_falls_silent_is_left_and_heard_again(profile: Profile) -> None:
    outcome = await caption(LONG, lasting(LONG.middle_of(1, 1), 8.0, mute, speaks), profile=profile)
    outcome.require(await reference(LONG, profile))
    assert len(outcome.streams) > 1


@pytest.mark.parametrize("base", PROFILES.values(), ids=PROFILES)
async def test_finals_that_never_come(base: Profile) -> None:
    """Partials go on over all utterances; a caption is made final in each long quiet."""
    outcome = await caption(WITH_QUIET, profile=replace(base, finals=False), quiet_gap_s=5.0)
    outcome.require()
    assert all(segment.promoted for segment in outcome.finals)
    assert len(outcome.finals) == len(WITH_QUIET.utterances)


@pytest.mark.parametrize("base", PROFILES.values(), ids=PROFILES)
async def test_breaks_where_finals_never_come(base: Profile) -> None:
    breaks = [Fault(WITH_QUIET.middle_of(n, -1), reset) for n in (1, 2)]
    outcome = await caption(
        WITH_QUIET, breaks, profile=replace(base, finals=False), quiet_gap_s=5.0
    )
    outcome.require()
    assert len(outcome.streams) == 3


async def test_responses_that_come_twice() -> None:
    def twice(stage: Stage) -> None:
        stage.says_twice = True

    outcome = await caption(SPEECH, [Fault(0, twice), Fault(SPEECH.middle_of(2, 0), reset)])
    outcome.require(await reference(SPEECH))


@pytest.mark.parametrize("vocabulary", [1, 2, 3])
@pytest.mark.parametrize("base", PROFILES.values(), ids=PROFILES)
async def test_words_that_are_said_again_and_again(base: Profile, vocabulary: int) -> None:
    """A break in each pause: what is said next is new, though it sounds as what was said last."""
    breaks = [Fault(SPEECH.pause_after(n), reset) for n in range(len(SPEECH.utterances) - 1)]
    outcome = await caption(SPEECH, breaks, profile=replace(base, vocabulary=vocabulary))
    assert [numbers_in(segment.text) for segment in outcome.finals] == [
        [word.number % vocabulary for word in utterance] for utterance in SPEECH.utterances
    ]
    assert len(outcome.streams) == len(breaks) + 1


NOISE: dict[str, Sequence[Result]] = {
    "empty responses": [],
    "a result without a reading": [Result(channel_tag=1, stability=0.5)],
    "an empty partial": [partial("")],
    "spaces": [partial("   ", stability=0.9), partial(" ", stability=0.1)],
    "a final without text": [final("", processed_s=0.1)],
}


@pytest.mark.parametrize("noise", NOISE.values(), ids=NOISE)
async def test_answers_that_say_nothing(noise: Sequence[Result]) -> None:
    """Said after each response, and at once after a stream begins."""

    def say_more(stage: Stage) -> None:
        stage.adds = [noise, noise]

    outcome = await caption(SPEECH, [Fault(0, say_more), Fault(SPEECH.middle_of(2, 0), reset)])
    outcome.require_words([word.number for word in SPEECH.words])


def at_half_speed(speech: CodedSpeech) -> list[Fault]:
    def slow(stage: Stage) -> None:
        stage.pace = 2.0

    return [Fault(0, slow)]


@pytest.mark.slow
@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
async def test_a_server_at_half_speed_is_waited_for(profile: Profile) -> None:
    outcome = await caption(LONG, at_half_speed(LONG), profile=profile)
    outcome.require(await reference(LONG, profile), tolerance_ms=1500)
    assert outcome.seconds > 1.8 * LONG.samples / SAMPLE_RATE


async def test_a_server_at_half_speed_that_breaks() -> None:
    breaks = [Fault(SPEECH.middle_of(1, 0), reset), Fault(SPEECH.middle_of(3, 0), reset)]
    outcome = await caption(SPEECH, [*at_half_speed(SPEECH), *breaks])
    outcome.require(await reference(SPEECH))


def test_profiles_differ_where_they_say() -> None:
    assert PARAKEET.languages == ("multi",)
    assert not PARAKEET.word_times
    assert PLAIN.word_times
