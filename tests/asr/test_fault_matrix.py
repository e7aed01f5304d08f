"""Connections that break, compared with a run that does not: every word once, in its place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from captioner.core.audio import ms_to_samples
from tests.support.coded_recogniser import PROFILES, Profile
from tests.support.coded_speech import CodedSpeech, speak
from tests.support.fault_kinds import come_back, die
from tests.support.fault_run import caption, reference
from tests.support.fault_stage import Fault, Stage, lasting

SPEECH = speak(16, seed=1)
Case = Callable[[CodedSpeech], list[Fault]]


def mid_word(speech: CodedSpeech) -> int:
    return speech.middle_of(2, 1)


def before_the_final(speech: CodedSpeech) -> int:
    """Between the last word of an utterance and its final."""
    return speech.utterances[2][-1].end + ms_to_samples(200)


def reset(stage: Stage) -> None:
    stage.proxy.reset()


def freeze(stage: Stage) -> None:
    stage.proxy.freeze()


def pause(stage: Stage) -> None:
    stage.proxy.pause()


def passes(stage: Stage) -> None:
    stage.proxy.passes()


CASES: dict[str, Case] = {
    "killed mid-word, back after 2 s": lambda s: lasting(mid_word(s), 2.0, die, come_back),
    "killed before the final": lambda s: lasting(before_the_final(s), 1.0, die, come_back),
    "killed in a pause": lambda s: lasting(s.pause_after(1), 0.5, die, come_back),
    "away from the start": lambda _: lasting(0, 4.0, die, come_back),
    "away at the end": lambda s: lasting(s.samples - 8000, 1.0, die, come_back),
    "shut down in order": lambda s: lasting(
        mid_word(s), 2.0, lambda stage: stage.server.stop(), lambda stage: stage.server.start()
    ),
    "reset mid-word": lambda s: [Fault(mid_word(s), reset)],
    "reset before the final": lambda s: [Fault(before_the_final(s), reset)],
    "reset in a pause": lambda s: [Fault(s.pause_after(2), reset)],
    "reset with each word of an utterance": lambda s: [
        Fault((word.start + word.end) // 2, reset) for word in s.utterances[2]
    ],
    "reset with each utterance": lambda s: [
        Fault(s.middle_of(number, 0), reset) for number in range(len(s.utterances))
    ],
    "half closed": lambda s: [Fault(mid_word(s), lambda stage: stage.proxy.half_close())],
    "paused for 500 ms": lambda s: lasting(mid_word(s), 0.5, pause, passes),
    "slow to take what is sent": lambda s: lasting(
        mid_word(s), 4.0, lambda stage: stage.proxy.slow_down(100_000), passes
    ),
}


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_nothing_is_lost_and_nothing_said_twice(case: Case, profile: Profile) -> None:
    wanted = await reference(SPEECH, profile)
    outcome = await caption(SPEECH, case(SPEECH), profile=profile)
    outcome.require(wanted)
    assert outcome.connections <= 5 + 3 * outcome.seconds
