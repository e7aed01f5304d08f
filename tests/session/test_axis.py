"""Channels on one scale: whatever the devices' clocks do, positions stay near the computer's."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from captioner.core.audio import SAMPLE_RATE, AudioChunk
from captioner.session.axis import ClockAxis

ORIGIN_S = 500.0
CHUNK = 1600
JITTER_S = 0.05
"""What a device gives at once: chunks seem to be heard up to so much too late."""


def chunk(start: int, begun_s: float, *, lost: int = 0, samples: int = CHUNK) -> AudioChunk:
    """Return audio whose first sample is heard ``begun_s`` seconds after the origin."""
    heard_at = ORIGIN_S + begun_s + samples / SAMPLE_RATE
    return AudioChunk(b"\0\1" * samples, start, heard_at, lost_before=lost)


def test_a_channel_begins_where_the_clock_says_and_has_lost_nothing_before() -> None:
    placed = ClockAxis(ORIGIN_S).place(chunk(0, 2.5), is_quiet=True)
    assert placed is not None
    assert (placed.start, placed.lost_before) == (round(2.5 * SAMPLE_RATE), 0)


def test_nothing_is_placed_before_the_start() -> None:
    placed = ClockAxis(ORIGIN_S, start=8000).place(chunk(0, 0.1), is_quiet=False)
    assert placed is not None
    assert (placed.start, placed.lost_before) == (8000, 0)


def test_the_time_between_two_openings_is_lost() -> None:
    axis = ClockAxis(ORIGIN_S)
    axis.place(chunk(0, 0.0), is_quiet=True)
    axis.opened()
    placed = axis.place(chunk(CHUNK, 0.35), is_quiet=False)
    assert placed is not None
    assert (placed.start, placed.lost_before) == (5600, 4000)


def test_a_loss_that_a_device_tells_of_stays_where_it_was() -> None:
    axis = ClockAxis(ORIGIN_S)
    axis.place(chunk(0, 0.0), is_quiet=True)
    placed = axis.place(chunk(CHUNK + 4800, 0.4, lost=4800), is_quiet=False)
    assert placed is not None
    assert (placed.start, placed.lost_before) == (CHUNK + 4800, 4800)


def test_what_a_device_gives_at_once_at_its_opening_is_put_right_in_silence() -> None:
    """An idle output may have worked up to two seconds ahead: silence that nobody has heard."""
    axis = ClockAxis(ORIGIN_S)
    for number in range(20):
        axis.place(chunk(number * CHUNK, 0.0), is_quiet=True)
    ends = [
        placed.end / SAMPLE_RATE - (number + 1) / 10
        for number in range(60)
        if (placed := axis.place(chunk((20 + number) * CHUNK, number / 10), is_quiet=True))
    ]
    assert abs(ends[-1]) <= 0.2


@given(
    ppm=st.integers(-300, 300),
    jitters=st.lists(st.floats(0, JITTER_S), min_size=1, max_size=50),
    quiet_every=st.integers(1, 3000),
    reopened=st.sets(st.integers(1, 18_000), max_size=3),
)
@settings(max_examples=25)
@example(ppm=-300, jitters=[0.0, 0.03125], quiet_every=1, reopened={2347})
def test_half_an_hour_of_drift(
    ppm: int, jitters: list[float], quiet_every: int, reopened: set[int]
) -> None:
    axis = ClockAxis(ORIGIN_S)
    stretch = 1 - ppm / 1e6
    end, given_samples, kept_samples, lost = 0, 0, 0, 0
    for number in range(18_000):
        if number in reopened:
            axis.opened()
        is_quiet = number % quiet_every == 0
        begun_s = number * CHUNK / SAMPLE_RATE * stretch + jitters[number % len(jitters)]
        placed = axis.place(chunk(number * CHUNK, begun_s), is_quiet=is_quiet)
        given_samples += CHUNK
        if placed is None:
            continue
        assert placed.start - placed.lost_before >= end, "positions never go back"
        end = placed.end
        kept_samples += placed.samples
        lost += placed.lost_before
        off_s = placed.start / SAMPLE_RATE - begun_s
        limit_s = 0.5 if off_s > 0 and quiet_every > 1 else 0.1
        assert abs(off_s) <= limit_s + 2 * JITTER_S + 0.02
    # At most this much speech is given up for it, and only where nothing was ever quiet.
    assert axis.dropped_samples <= max(0, ppm) / 1e6 * given_samples
    assert given_samples - kept_samples <= max(0, ppm) / 1e6 * given_samples + 3 * CHUNK
    # A count that was behind the clock, by no more than is tolerated, is on it again.
    assert lost <= len(reopened) * (0.1 + 2 * JITTER_S) * SAMPLE_RATE
