"""Outages for longer than a caption stays open without news, and audio that finds no room."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from captioner.asr.endpoint import Endpoint
from captioner.core.audio import SAMPLE_RATE, AudioChunk
from captioner.core.backoff import Backoff
from tests.asr.listening import Listener, recogniser_for
from tests.asr.test_fault_answers import at_half_speed
from tests.asr.test_fault_matrix import Case, come_back, die, freeze, passes, pause
from tests.asr.test_fault_statuses import PASSING, lets_be, mid_word
from tests.support.clock import ManualClock
from tests.support.coded_recogniser import PROFILES, Profile
from tests.support.coded_speech import speak
from tests.support.fault_proxy import fault_proxy
from tests.support.fault_run import caption, reference
from tests.support.fault_stage import Fault, Stage, lasting

SPEECH = speak(16, seed=1)
FORTY = speak(40, seed=13)

CASES: dict[str, Case] = {
    "away for 9 s": lambda s: lasting(s.middle_of(2, 1), 9.0, die, come_back),
    "paused for 5 s": lambda s: lasting(s.middle_of(2, 1), 5.0, pause, passes),
    "paused for longer than is waited": lambda s: lasting(s.middle_of(2, 1), 9.0, pause, passes),
    "frozen": lambda s: lasting(s.middle_of(2, 1), 8.0, freeze, passes),
    "frozen in a pause": lambda s: lasting(s.pause_after(1), 8.0, freeze, passes),
    "frozen for a moment, dead for good": lambda s: lasting(s.middle_of(2, 1), 0.2, freeze, passes),
}


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_nothing_is_lost_and_nothing_said_twice(case: Case, profile: Profile) -> None:
    outcome = await caption(SPEECH, case(SPEECH), profile=profile, quiet_gap_s=5.0)
    outcome.require(await reference(SPEECH, profile))
    assert outcome.connections <= 5 + 3 * outcome.seconds


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
async def test_an_outage_of_nearly_the_length_of_the_replay(profile: Profile) -> None:
    """Words are open before it, and a try may have failed right before its end."""
    outcome = await caption(
        FORTY,
        lasting(FORTY.middle_of(1, 1), 24.0, die, come_back),
        profile=profile,
        quiet_gap_s=5.0,
    )
    outcome.require(await reference(FORTY, profile))


@pytest.mark.parametrize("code", PASSING, ids=[code.name for code in PASSING])
async def test_streams_that_end_for_four_seconds(code: grpc.StatusCode) -> None:
    """Each new one ends at its first audio, with nothing said."""
    outcome = await caption(
        SPEECH,
        lasting(mid_word(SPEECH), 4.0, lambda stage: stage.end_streams(code, once=False), lets_be),
    )
    outcome.require(await reference(SPEECH))
    assert 3 <= len(outcome.streams) <= 25, "neither given up nor tried without pause"


async def test_late_and_repeated_answers_of_a_stream_that_was_given_up() -> None:
    """The old connection is held up for longer than is waited, and then says all of it again."""
    held = SPEECH.middle_of(1, 1)
    outcome = await caption(
        SPEECH,
        [
            Fault(held, lambda stage: stage.proxy.hold()),
            Fault(held + 9 * SAMPLE_RATE, lambda stage: stage.proxy.passes()),
        ],
    )
    outcome.require(await reference(SPEECH))
    old, new = outcome.streams
    assert old.heard_samples > held, "the old stream went on"
    assert new.heard_samples > SPEECH.samples - held


@pytest.mark.slow
async def test_a_server_that_never_catches_up_loses_only_what_is_marked() -> None:
    """Two minutes at half speed: what does not fit is dropped, counted and marked."""
    speech = speak(120, seed=7)
    outcome = await caption(speech, at_half_speed(speech))
    assert outcome.gaps
    marked_ms = sum(gap.end_ms - gap.start_ms for gap in outcome.gaps)
    # Losses that nearly touch are one mark.
    assert 10_000 < outcome.lost_ms <= marked_ms < 1.5 * outcome.lost_ms
    outcome.require_all_but_gaps()
    outcome.require_times()


@pytest.mark.slow
async def test_a_server_that_answers_but_takes_nothing_in_is_sent_a_bounded_amount() -> None:
    """It says that it lives while five minutes of audio come: they do not pile up before it."""
    speech = speak(300, seed=8)

    def stop_reading(stage: Stage) -> None:
        stage.reads = False

    def read_on(stage: Stage) -> None:
        stage.reads = True

    outcome = await caption(
        speech, [Fault(SAMPLE_RATE, stop_reading), Fault(290 * SAMPLE_RATE, read_on)]
    )
    # gRPC itself takes four megabytes before a write has to wait.
    assert outcome.streams[0].heard_s < 150
    assert outcome.gaps
    outcome.require_all_but_gaps()


async def test_ten_minutes_without_a_server_neither_pile_up_nor_busy_anyone() -> None:
    """Nothing listens; the newest audio is kept, the oldest dropped and told."""
    clock = ManualClock()
    async with fault_proxy(1) as nobody:
        recogniser = recogniser_for(
            Endpoint("127.0.0.1", nobody.port), clock=clock, backoff=Backoff()
        )
        lost = 0
        async with Listener(recogniser) as listener:
            for second in range(600):
                pcm = bytes(2 * SAMPLE_RATE)
                chunk = AudioChunk(pcm, second * SAMPLE_RATE, clock.now())
                dropped = recogniser.feed(chunk, is_loud=True)
                lost += dropped.end - dropped.start if dropped else 0
                await clock.advance(1.0)
                if second % 4 == 0:
                    await asyncio.sleep(0.002)
            tries = len(listener.interruptions)
        held = 600 * SAMPLE_RATE - lost
        assert held <= 30 * SAMPLE_RATE
        assert lost == 570 * SAMPLE_RATE
        assert 10 <= tries <= 600
        assert nobody.accepted <= 2 * tries + 2
