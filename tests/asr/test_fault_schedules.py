"""Any faults in any order: all words once, in place, without haste and with nothing left over.

The whole speech is shorter than what is kept for replay, so no outage excuses a lost word. It ends
with a silence, because after the end of the audio a server that hangs is not waited for.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from captioner.core.audio import ms_to_samples
from tests.support.coded_recogniser import PROFILES
from tests.support.coded_speech import speak
from tests.support.fault_kinds import KINDS
from tests.support.fault_run import caption, reference
from tests.support.fault_stage import Fault
from tests.support.wait import nothing_left

SPEECH = speak(20, seed=11, tail_ms=16_000)
LAST = SPEECH.words[-1].end

as_they_are = settings(
    # A failing schedule is printed as it is: to make it smaller takes longer than to read it.
    phases=[Phase.explicit, Phase.generate],
    # What must be fresh for each schedule is made in the test.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass(frozen=True)
class Planned:
    """One fault of a schedule, in milliseconds."""

    after: int
    kind: str
    lasts: int


schedules = st.lists(
    st.builds(
        Planned,
        after=st.integers(0, 6000),
        kind=st.sampled_from(sorted(KINDS)),
        lasts=st.integers(0, 9000),
    ),
    min_size=1,
    max_size=6,
)


def faults_of(schedule: list[Planned]) -> list[Fault]:
    """Return the begins and ends, one fault after the other."""
    faults: list[Fault] = []
    ends_ms = accumulate(planned.after + planned.lasts for planned in schedule)
    for planned, end_ms in zip(schedule, ends_ms, strict=True):
        begin, end = KINDS[planned.kind]
        at = ms_to_samples(end_ms - planned.lasts)
        if at <= LAST:
            faults += [Fault(at, begin), Fault(ms_to_samples(end_ms), end)]
    return faults


async def check(schedule: list[Planned], profile_name: str) -> None:
    """Caption under the schedule, and look at what came of it."""
    profile = PROFILES[profile_name]
    wanted = await reference(SPEECH, profile)
    async with nothing_left():
        outcome = await caption(SPEECH, faults_of(schedule), profile=profile, quiet_gap_s=5.0)
    note(f"{outcome.connections} connections in {outcome.seconds:.0f} s: {outcome.numbers}")
    outcome.require(wanted)
    assert outcome.connections <= 6 + 3 * outcome.seconds, "a busy loop"


@pytest.mark.timeout(300)
@settings(as_they_are, max_examples=12)
@given(schedule=schedules, profile=st.sampled_from(sorted(PROFILES)))
async def test_a_dozen_schedules(schedule: list[Planned], profile: str) -> None:
    await check(schedule, profile)


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(as_they_are, max_examples=100)
@given(schedule=schedules, profile=st.sampled_from(sorted(PROFILES)))
async def test_a_hundred_schedules(schedule: list[Planned], profile: str) -> None:
    await check(schedule, profile)
