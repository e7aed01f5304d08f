"""One voice detector, several streams."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np
import numpy.typing as npt
import pytest
import pytest_asyncio

from captioner.engine.backend import Samples
from captioner.engine.native import FRAME
from captioner.engine.voice import MEMORY_FRAMES, VoiceDetector
from tests.engine.serving import samples
from tests.support.clips import BECKETT, TWO_CITIES, clip_folder

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def detector() -> AsyncIterator[VoiceDetector]:
    """The real one, loaded once."""
    loaded = VoiceDetector()
    yield loaded
    await loaded.close()


async def _flags(
    detector: VoiceDetector, *sounds: Samples, batch: int
) -> list[npt.NDArray[np.bool_]]:
    """Return the flags of sounds that take turns, a batch of frames each."""
    count = min(len(sound) for sound in sounds) // FRAME
    streams = [object() for _ in sounds]
    flags: list[list[npt.NDArray[np.bool_]]] = [[] for _ in sounds]
    for frame in range(0, count, batch):
        for stream, sound, found in zip(streams, sounds, flags, strict=True):
            past = sound[max(0, frame - MEMORY_FRAMES) * FRAME : frame * FRAME]
            frames = sound[frame * FRAME : min(count, frame + batch) * FRAME]
            found.append(await detector.voiced(stream, past, frames))
    return [np.concatenate(found) for found in flags]


async def test_words_have_voice_and_the_pauses_between_them_have_none(
    detector: VoiceDetector,
) -> None:
    (flags,) = await _flags(detector, samples(BECKETT.path), batch=3)
    stretches = int(np.count_nonzero(np.diff(flags.astype(np.int8)) == 1))
    assert stretches == 6
    assert 0.3 < flags.mean() < 0.6


async def test_size_of_the_pieces_makes_no_difference(detector: VoiceDetector) -> None:
    sound = samples(BECKETT.path)
    (small,), (large,) = [await _flags(detector, sound, batch=batch) for batch in (1, 40)]
    assert np.array_equal(small, large)


async def test_streams_that_take_turns_do_not_disturb_each_other(detector: VoiceDetector) -> None:
    sounds = [samples(TWO_CITIES.path), samples(clip_folder() / "endgame_nagg_nell.wav")]
    together = await _flags(detector, *sounds, batch=detector.batch_frames)
    for sound, flags in zip(sounds, together, strict=True):
        (alone,) = await _flags(detector, sound, batch=3)
        assert np.mean(alone[: len(flags)] != flags) < 0.04


async def test_batches_grow_when_streams_share(detector: VoiceDetector) -> None:
    alone = detector.batch_frames
    detector.join()
    detector.join()
    assert detector.batch_frames > alone
    detector.leave(object())
    detector.leave(object())
    assert detector.batch_frames == alone
