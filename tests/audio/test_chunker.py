from __future__ import annotations

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from captioner.audio.chunker import Chunker
from captioner.audio.level import measure_level
from captioner.core.audio import AudioChunk


def heard(chunks: list[AudioChunk]) -> NDArray[np.float64]:
    return np.concatenate([np.frombuffer(chunk.pcm, dtype="<i2") for chunk in chunks]) / 32768


def sine(rate: int, seconds: float, channels: int = 1) -> NDArray[np.float32]:
    wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(round(rate * seconds)) / rate)
    return np.repeat(wave.astype(np.float32)[:, None], channels, axis=1)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_any_rate_becomes_the_same_tone(rate: int, channels: int) -> None:
    chunker = Chunker(rate=rate, channels=channels, chunk_samples=1600)
    frames = sine(rate, 1.0, channels)
    chunks: list[AudioChunk] = []
    for first in range(0, rate, 997):
        chunks += chunker.feed(frames[first : first + 997], 1.0)
    chunks += chunker.finish()
    result = heard(chunks)
    assert abs(len(result) - 16_000) <= 1
    wanted = 0.5 * np.sin(2 * np.pi * 440 * np.arange(len(result)) / 16_000)
    middle = slice(800, -800)  # a tone that begins at once has no faithful copy at its edges
    assert np.abs(result[middle] - wanted[middle]).max() < 0.005
    assert all(chunk.samples == 1600 for chunk in chunks[:-1])


def test_streaming_gives_what_resampling_at_once_gives() -> None:
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, 44_100).astype(np.float32)
    chunker = Chunker(rate=44_100, channels=1, chunk_samples=1600)
    chunks: list[AudioChunk] = []
    for first in range(0, len(noise), 2205):
        chunks += chunker.feed(noise[first : first + 2205, None], 0.0)
    result = heard(chunks + chunker.finish())
    wanted = soxr.resample(noise, 44_100, 16_000)
    assert np.abs(result - wanted[: len(result)]).max() < 2 / 32768


def test_speech_that_needs_no_change_passes_bit_by_bit() -> None:
    pcm = np.random.default_rng(2).integers(-32768, 32768, 5000, dtype=np.int16)
    chunker = Chunker(rate=16_000, channels=1, chunk_samples=1600)
    chunks = chunker.feed((pcm / np.float32(32768)).astype(np.float32)[:, None], 0.0)
    chunks += chunker.finish()
    assert b"".join(chunk.pcm for chunk in chunks) == pcm.tobytes()


def test_too_loud_and_impossible_values_are_bounded() -> None:
    wild = np.array([[9.0], [-9.0], [np.nan], [np.inf], [-np.inf], [0.25]], dtype=np.float32)
    chunker = Chunker(rate=16_000, channels=1, chunk_samples=6)
    (chunk,) = chunker.feed(wild, 0.0)
    values = np.frombuffer(chunk.pcm, dtype="<i2").tolist()
    assert values == [32767, -32768, 0, 32767, -32768, 8192]


def test_a_chunk_knows_when_its_last_sample_was_heard() -> None:
    chunker = Chunker(rate=48_000, channels=1, chunk_samples=1600)
    chunks: list[AudioChunk] = []
    for block in range(1, 21):  # blocks of 50 ms, heard until 100.05 s, 100.10 s, ...
        chunks += chunker.feed(sine(48_000, 0.05), 100.0 + block * 0.05)
    assert len(chunks) >= 9
    for chunk in chunks:
        assert chunk.captured_at == pytest.approx(100.0 + chunk.end / 16_000, abs=1e-4)


def test_a_chunk_knows_when_the_device_gave_its_last_sample_out() -> None:
    chunker = Chunker(rate=48_000, channels=1, chunk_samples=1600)
    chunks: list[AudioChunk] = []
    for block in range(1, 12):  # blocks of 70 ms: none ends where a chunk of 100 ms does
        chunks += chunker.feed(sine(48_000, 0.07), block * 0.07, 50.0 + block)
    assert [chunk.delivered_at for chunk in chunks] == [52, 53, 55, 56, 58, 59, 60]
    chunker.skip(4800)
    chunks = chunker.feed(sine(48_000, 0.2), 1.1, 90.0)
    assert [chunk.delivered_at for chunk in chunks] == [90]


def test_what_was_lost_leaves_a_counted_gap() -> None:
    chunker = Chunker(rate=48_000, channels=1, chunk_samples=1600, start=500, lost=100)
    before = chunker.feed(sine(48_000, 0.25), 0.0)
    before += chunker.skip(24_000)
    after = chunker.feed(sine(48_000, 0.25), 0.0) + chunker.finish()
    assert before[0].start == 600
    assert before[0].lost_before == 100
    assert before[-1].end == 600 + 4000
    assert after[0].lost_before == 8000
    assert after[0].start == 600 + 4000 + 8000
    assert after[-1].end == 600 + 16_000 == chunker.position


@settings(max_examples=60, deadline=None)
@given(
    rate=st.sampled_from([8_000, 16_000, 22_050, 44_100, 48_000]),
    steps=st.lists(
        st.tuples(st.sampled_from(["feed", "feed", "feed", "skip"]), st.integers(0, 6000)),
        max_size=25,
    ),
    chunk_samples=st.sampled_from([320, 1600, 2560]),
)
def test_positions_are_linear_whatever_comes(
    rate: int, steps: list[tuple[str, int]], chunk_samples: int
) -> None:
    chunker = Chunker(rate=rate, channels=1, chunk_samples=chunk_samples)
    chunks: list[AudioChunk] = []
    total = 0
    for step, frames in steps:
        total += frames
        if step == "feed":
            chunks += chunker.feed(np.zeros((frames, 1), dtype=np.float32), 0.0)
        else:
            chunks += chunker.skip(frames)
    chunks += chunker.finish()
    position = 0
    for chunk in chunks:
        assert chunk.start == position + chunk.lost_before
        assert 0 < chunk.samples <= chunk_samples
        position = chunk.end
    skips = sum(step == "skip" for step, _ in steps)
    assert abs(chunker.position - round(total * 16_000 / rate)) <= 1 + skips


def test_levels(tone: NDArray[np.float64]) -> None:
    pcm = (tone * 32767).astype("<i2").tobytes()
    level = measure_level(pcm)
    assert level.peak_dbfs == pytest.approx(-6.02, abs=0.05)
    assert level.rms_dbfs == pytest.approx(-9.03, abs=0.05)
    assert measure_level(b"").rms_dbfs == -120.0
    assert measure_level(bytes(3200)).peak_dbfs == -120.0
    assert measure_level((-32768).to_bytes(2, "little", signed=True)).peak_dbfs == 0.0
