"""The model behind a stream: accuracy, determinism, silence and noise, several streams, growth."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import moonshine_voice
import numpy as np
import psutil
import pytest
import pytest_asyncio
from moonshine_voice import ModelArch
from moonshine_voice.transcriber import Transcriber

from captioner.core.audio import SAMPLE_RATE
from captioner.engine.backend import Samples
from captioner.engine.moonshine import MoonshineBackend
from captioner.riva.options import RecognitionOptions
from tests.engine.serving import CHUNK, hear, said, samples
from tests.support.clips import BECKETT, TWO_CITIES, normalised, word_error_rate
from tests.support.wait import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

_CLIPS = (TWO_CITIES, BECKETT)
_REFERENCE = " ".join(clip.text for clip in _CLIPS)
_QUIET = RecognitionOptions(interim_results=False)
_ALLOWED_GROWTH = 5 * 2**20


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def backend() -> AsyncIterator[MoonshineBackend]:
    """The real model, loaded once."""
    loaded = MoonshineBackend()
    await loaded.load()
    yield loaded
    decoded_s = loaded.decode_s
    await loaded.close()
    assert loaded.decode_s >= decoded_s, "what it counts is told after its end, too"


def _offline() -> str:
    """Return what the library's own offline call makes of the clips."""
    folder = Path(moonshine_voice.__file__).parent / "assets" / "tiny-en"
    with Transcriber(folder, ModelArch.TINY) as model:
        return " ".join(
            line.text
            for clip in _CLIPS
            for line in model.transcribe_without_streaming(samples(clip.path).tolist()).lines
        )


async def test_finals_are_at_least_as_accurate_as_the_models_offline_reading(
    backend: MoonshineBackend,
) -> None:
    heard = [said(await hear(backend.open_stream(_QUIET), samples(clip.path))) for clip in _CLIPS]
    error = word_error_rate(_REFERENCE, " ".join(heard))
    # Without the context of the utterances before, it would be about 0.08.
    assert error <= 0.06
    assert error <= word_error_rate(_REFERENCE, await asyncio.to_thread(_offline))


@pytest.mark.parametrize("clip", _CLIPS, ids=lambda clip: clip.file_name)
async def test_same_audio_gives_the_same_words_in_any_pieces(
    backend: MoonshineBackend, clip: object
) -> None:
    sound = samples(clip.path)[: 12 * SAMPLE_RATE]  # type: ignore[attr-defined]
    heard = {
        normalised(said(await hear(backend.open_stream(options), sound, chunk=chunk)))
        for chunk, options in (
            (CHUNK, _QUIET),
            (CHUNK, RecognitionOptions()),
            (320, _QUIET),
            (len(sound), _QUIET),
        )
    }
    assert len(heard) == 1


async def test_partials_come_before_their_final_and_positions_never_go_back(
    backend: MoonshineBackend,
) -> None:
    sound = samples(BECKETT.path)
    decoded_before_s = backend.decode_s
    stream = backend.open_stream(RecognitionOptions())
    seen: list[tuple[float, bool]] = []

    async def collect() -> None:
        async for update in stream.updates():
            seen.extend((update.position_s, one.is_final) for one in update.hypotheses[:1])

    collecting = asyncio.create_task(collect())
    for start in range(0, len(sound), CHUNK):
        await stream.feed(sound[start : start + CHUNK])
        # Twice as fast as real time leaves the decoder room for partials.
        await asyncio.sleep(0.05)
    await stream.finish()
    await collecting
    await stream.close()
    assert [is_final for _, is_final in seen].count(True) == 6
    assert not seen[0][1]
    assert [position for position, _ in seen] == sorted(position for position, _ in seen)
    assert 0.1 < backend.decode_s - decoded_before_s < len(sound) / SAMPLE_RATE


def _sounds() -> dict[str, Samples]:
    random = np.random.default_rng(7)
    length = 60 * SAMPLE_RATE
    moments = np.arange(length) / SAMPLE_RATE
    chord = sum(np.sin(2 * np.pi * pitch * moments) for pitch in (261.6, 329.6, 392.0))
    return {
        "silence": np.zeros(length, dtype=np.float32),
        "noise": random.normal(0, 0.1, length).astype(np.float32),
        "faint noise": random.normal(0, 0.002, length).astype(np.float32),
        "chord": (0.2 * np.asarray(chord)).astype(np.float32),
        "clicks": ((random.random(length) < 2 / SAMPLE_RATE) * 0.9).astype(np.float32),
    }


@pytest.mark.parametrize("name", list(_sounds()))
async def test_nobody_speaking_gives_no_words(backend: MoonshineBackend, name: str) -> None:
    updates = await hear(backend.open_stream(RecognitionOptions()), _sounds()[name])
    assert [one.text for update in updates for one in update.hypotheses] == []
    assert updates[-1].position_s > 58


async def test_speech_after_a_minute_of_silence_is_heard(backend: MoonshineBackend) -> None:
    sound = np.concatenate([np.zeros(60 * SAMPLE_RATE, np.float32), samples(BECKETT.path)])
    updates = await hear(backend.open_stream(_QUIET), sound)
    assert word_error_rate(BECKETT.text, said(updates)) <= 0.2
    first = next(one for update in updates for one in update.hypotheses)
    assert 60_000 <= first.words[0].start_ms <= 60_700


async def test_streams_at_once_hear_what_they_hear_alone(backend: MoonshineBackend) -> None:
    sounds = [samples(clip.path)[: 14 * SAMPLE_RATE] for clip in (*_CLIPS, TWO_CITIES)]
    sounds[2] = sounds[2][3 * SAMPLE_RATE :]
    alone = [said(await hear(backend.open_stream(_QUIET), sound)) for sound in sounds]
    together = await asyncio.gather(
        *(hear(backend.open_stream(RecognitionOptions()), sound) for sound in sounds)
    )
    for one, updates in zip(alone, together, strict=True):
        assert word_error_rate(one, said(updates)) <= 0.1


async def test_forced_end_of_utterance_needs_no_pause(backend: MoonshineBackend) -> None:
    stream = backend.open_stream(_QUIET)
    updates = aiter(stream.updates())
    # In the middle of "it was the worst of times".
    await stream.feed(samples(TWO_CITIES.path)[: int(2.6 * SAMPLE_RATE)])
    await stream.end_utterance()
    async with asyncio.timeout(10):
        first = await anext(updates)
    assert normalised(first.hypotheses[0].text).startswith("it was the best")
    assert first.hypotheses[0].is_final
    await stream.close()


async def test_no_punctuation_when_none_is_asked_for(backend: MoonshineBackend) -> None:
    options = RecognitionOptions(punctuation=False, interim_results=False)
    text = said(await hear(backend.open_stream(options), samples(BECKETT.path)))
    assert text == normalised(text)


@pytest.mark.slow
async def test_stream_whose_client_does_not_listen_takes_in_no_more(
    backend: MoonshineBackend,
) -> None:
    stream = backend.open_stream(_QUIET)
    sound = np.tile(samples(BECKETT.path), 6)
    feeding = asyncio.create_task(stream.feed(sound))
    done, _ = await asyncio.wait({feeding}, timeout=8)
    assert not done
    await stream.close()
    async with asyncio.timeout(5):
        await feeding


async def test_closing_in_the_middle_frees_the_stream(backend: MoonshineBackend) -> None:
    stream = backend.open_stream(RecognitionOptions())
    reading = asyncio.create_task(anext(aiter(stream.updates()), None))
    await stream.feed(samples(TWO_CITIES.path)[: 4 * SAMPLE_RATE])
    await stream.close()
    await until(reading.done)


async def test_many_short_streams_leave_nothing_behind(backend: MoonshineBackend) -> None:
    sound = samples(BECKETT.path)[: int(1.8 * SAMPLE_RATE)]

    async def run(count: int) -> None:
        for number in range(count):
            stream = backend.open_stream(RecognitionOptions())
            if number % 3 == 0:
                await stream.feed(sound)
                await stream.close()
            else:
                await hear(stream, sound)

    await run(15)
    gc.collect()
    process = psutil.Process()
    memory, threads = process.memory_info().rss, threading.active_count()
    tasks = len(asyncio.all_tasks())
    await run(45)
    gc.collect()
    assert process.memory_info().rss - memory <= _ALLOWED_GROWTH
    assert threading.active_count() <= threads
    assert len(asyncio.all_tasks()) <= tasks
