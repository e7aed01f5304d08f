"""Streams that the server ends: passing faults lose nothing, lasting ones are told at once."""

from __future__ import annotations

import grpc
import pytest

from captioner.core.audio import ms_to_samples
from captioner.core.errors import CaptionerError, CredentialsError, ProtocolError, RequestError
from tests.support.coded_recogniser import PROFILES, Profile
from tests.support.coded_speech import CodedSpeech, speak
from tests.support.fault_outcome import numbers_in
from tests.support.fault_run import caption, reference
from tests.support.fault_stage import Fault, Stage

SPEECH = speak(14, seed=2)
Code = grpc.StatusCode

PASSING = [
    Code.UNAVAILABLE,
    Code.INTERNAL,
    Code.UNKNOWN,
    Code.RESOURCE_EXHAUSTED,
    Code.DEADLINE_EXCEEDED,
    Code.ABORTED,
    Code.OK,
]
LASTING: list[tuple[grpc.StatusCode, type[CaptionerError]]] = [
    (Code.UNAUTHENTICATED, CredentialsError),
    (Code.PERMISSION_DENIED, CredentialsError),
    (Code.INVALID_ARGUMENT, RequestError),
    (Code.NOT_FOUND, RequestError),
    (Code.UNIMPLEMENTED, ProtocolError),
]


def mid_word(speech: CodedSpeech) -> int:
    return speech.middle_of(1, 1)


def lets_be(stage: Stage) -> None:
    stage.ends_with = None


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
@pytest.mark.parametrize("code", PASSING, ids=[code.name for code in PASSING])
async def test_a_stream_that_ends_mid_word(code: grpc.StatusCode, profile: Profile) -> None:
    outcome = await caption(
        SPEECH,
        [Fault(mid_word(SPEECH), lambda stage: stage.end_streams(code))],
        profile=profile,
    )
    outcome.require(await reference(SPEECH, profile))
    assert len(outcome.streams) == 2


@pytest.mark.parametrize("code", PASSING, ids=[code.name for code in PASSING])
async def test_streams_that_end_before_each_final(code: grpc.StatusCode) -> None:
    """What was shown is heard again by the next stream, whose final is the only one."""
    outcome = await caption(
        SPEECH,
        [
            Fault(
                utterance[-1].end + ms_to_samples(200),
                lambda stage: stage.end_streams(code),
            )
            for utterance in SPEECH.utterances
        ],
    )
    outcome.require(await reference(SPEECH))
    assert len(outcome.streams) == len(SPEECH.utterances) + 1


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
@pytest.mark.parametrize(("code", "expected"), LASTING, ids=[code.name for code, _ in LASTING])
async def test_what_lasts_is_told_at_once_and_what_was_shown_is_kept(
    code: grpc.StatusCode, expected: type[CaptionerError], profile: Profile
) -> None:
    last = SPEECH.utterances[1][1]
    outcome = await caption(
        SPEECH,
        [Fault(last.end + 1, lambda stage: stage.end_streams(code, once=False))],
        profile=profile,
    )
    assert type(outcome.error) is expected
    assert outcome.error.code == code.name
    assert outcome.error.hint
    assert len(outcome.streams) == 1
    # One more looks for what is behind the refusal, such as the models that there are.
    assert outcome.connections <= 2
    assert outcome.seconds < 1 + last.end / 16_000, "at once"
    shown = [word.number for word in SPEECH.words if word.end <= last.end]
    assert numbers_in(" ".join(segment.text for segment in outcome.finals)) == shown
    assert outcome.finals[-1].promoted


async def test_a_language_that_no_model_speaks_is_told_as_such() -> None:
    """A multilingual model takes ``multi``; the server of the tests refuses as Riva does."""
    profile = PROFILES["parakeet-rnnt"]
    outcome = await caption(SPEECH, profile=profile, language="en-US")
    assert isinstance(outcome.error, RequestError)
    assert "language_code=en-US" in outcome.error.message
    assert "language" in outcome.error.hint
    assert outcome.finals == []
    assert len(outcome.streams) == 1
