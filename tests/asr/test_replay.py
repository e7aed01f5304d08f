"""The buffer between source and stream, and the map between their times: promises as properties."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from captioner.asr.replay import LostAudio, ReplayBuffer
from captioner.asr.timeline import StreamTimeline
from captioner.core.audio import AudioChunk, samples_to_ms
from tests.asr.listening import chunks, ramp

LIMIT = 500


def take(buffer: ReplayBuffer) -> AudioChunk:
    """Return the next unsent chunk, which must be there: nothing is waited for."""
    step = buffer.next()
    with pytest.raises(StopIteration) as done:
        step.send(None)
    assert isinstance(done.value.value, AudioChunk)
    return done.value.value


class ReplayMachine(RuleBasedStateMachine):
    """Any order of feeding, sending, finals and breaks, against a plain list of samples."""

    def __init__(self) -> None:
        super().__init__()
        self.buffer = ReplayBuffer(LIMIT)
        self.fed = 0
        self.covered = 0
        self.dropped = 0
        self.heard = 0
        self.stream_at = 0

    @rule(samples=st.integers(1, 200), skipped=st.sampled_from([0, 0, 0, 37]))
    def feed(self, samples: int, skipped: int) -> None:
        """Skipped samples are such as a source lost by itself; only at the very start here."""
        if self.fed == 0:
            self.fed = self.covered = self.dropped = self.heard = self.stream_at = skipped
        held_from = max(self.covered, self.dropped)
        end = self.fed + samples
        (chunk,) = chunks(self.fed, end, size=samples)
        lost = self.buffer.put(chunk)
        self.fed = end
        if lost is not None:
            assert lost.start >= self.stream_at, "only what was not sent counts as lost"
            assert lost.start >= held_from
            self.stream_at = self.heard = lost.end
        self.dropped = max(self.dropped, self.buffer.start)

    @precondition(lambda self: self.stream_at < self.fed)
    @rule()
    def send(self) -> None:
        chunk = take(self.buffer)
        assert chunk.start == self.stream_at, "no sample is left out or sent twice"
        assert chunk.pcm == ramp(chunk.start, chunk.end)
        self.stream_at = chunk.end
        self.heard = max(self.heard, chunk.end)

    @rule(share=st.floats(0, 1.2))
    def final(self, share: float) -> None:
        """A final beyond what was ever sent covers that much only."""
        position = round(share * self.heard)
        self.buffer.commit(position)
        self.covered = max(self.covered, min(position, self.heard))
        self.stream_at = max(self.stream_at, self.covered)
        assert self.buffer.start == max(self.covered, self.dropped)

    @rule()
    def break_off(self) -> None:
        before = max(self.covered, self.dropped)
        forgotten = self.buffer.rewind()
        self.stream_at = self.buffer.start if self.fed else 0
        if forgotten is None:
            assert self.stream_at == before or self.fed == 0
        else:
            assert forgotten.start >= self.covered
            assert forgotten.end <= self.stream_at, "the rest was told when it was dropped"

    @invariant()
    def is_bounded(self) -> None:
        held = self.fed - self.buffer.start if self.fed else 0
        assert held <= max(LIMIT, 200)

    @invariant()
    def counts_what_waits(self) -> None:
        assert self.buffer.unsent_samples == self.fed - max(self.stream_at, self.buffer.start)
        assert self.buffer.cursor == self.stream_at


ReplayMachine.TestCase.settings = settings(
    max_examples=150, stateful_step_count=25, derandomize=True, deadline=None
)
TestReplay = ReplayMachine.TestCase


def test_overflow_drops_the_oldest_that_were_not_sent_and_says_which() -> None:
    buffer = ReplayBuffer(300)
    for chunk in chunks(0, 300, size=100):
        assert buffer.put(chunk) is None
    assert take(buffer).start == 0
    (chunk,) = chunks(300, 400, size=100)
    assert buffer.put(chunk) is None, "the sent one goes first, which is no loss yet"
    (chunk,) = chunks(400, 600, size=200)
    assert buffer.put(chunk) == LostAudio(100, 300)
    assert [take(buffer).start, take(buffer).start] == [300, 400]
    assert buffer.rewind() == LostAudio(0, 100)


def test_the_sent_that_is_forgotten_is_no_loss_once_a_final_covers_it() -> None:
    buffer = ReplayBuffer(300)
    for chunk in chunks(0, 300, size=100):
        buffer.put(chunk)
        take(buffer)
    for chunk in chunks(300, 500, size=100):
        buffer.put(chunk)
    assert buffer.forgotten == LostAudio(0, 200)
    buffer.commit(250)
    assert buffer.forgotten is None
    assert buffer.rewind() is None
    assert take(buffer).pcm == ramp(250, 300)


def test_a_chunk_larger_than_the_bound_is_held_alone() -> None:
    buffer = ReplayBuffer(100)
    (chunk,) = chunks(0, 1000, size=1000)
    assert buffer.put(chunk) is None
    assert take(buffer) == chunk


async def test_next_waits_for_audio_and_ends_after_the_last() -> None:
    buffer = ReplayBuffer(1000)
    waiting = asyncio.create_task(buffer.next())
    await asyncio.sleep(0)
    (chunk,) = chunks(0, 100)
    buffer.put(chunk)
    assert await waiting == chunk
    buffer.finish()
    assert await buffer.next() is None


@settings(derandomize=True, deadline=None)
@given(
    begin=st.integers(0, 10**7),
    pieces=st.lists(st.tuples(st.integers(1, 5000), st.integers(0, 50_000)), min_size=1),
    data=st.data(),
)
def test_every_sent_sample_has_its_session_time(
    begin: int, pieces: list[tuple[int, int]], data: st.DataObject
) -> None:
    timeline = StreamTimeline()
    where: list[int] = []
    position = begin
    for samples, lost in pieces:
        timeline.sent(AudioChunk(bytes(2 * samples), position, 0.0))
        where.extend(range(position, position + samples))
        position += samples + lost
    assert timeline.sent_samples == len(where)
    stream_ms = data.draw(st.integers(0, samples_to_ms(len(where) - 1)))
    assert timeline.to_session_ms(stream_ms) == samples_to_ms(where[stream_ms * 16])


def test_a_timeline_before_the_first_chunk_and_with_endless_losses() -> None:
    timeline = StreamTimeline()
    assert timeline.to_session_ms(70) == 70
    for number in range(10_000):
        timeline.sent(AudioChunk(bytes(32), number * 1600, 0.0))
    assert timeline.to_session_ms(9_999) == 9_999 * 100
    assert len(timeline._stream) <= 256
