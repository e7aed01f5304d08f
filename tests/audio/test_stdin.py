from __future__ import annotations

import asyncio
import os
import pty
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from captioner.audio.stdin import PcmPipeSource
from captioner.core.audio import AudioChunk, SourceOpened
from captioner.core.errors import InputFileError
from tests.support.clips import BECKETT
from tests.support.clock import ManualClock
from tests.support.listening import listening
from tests.support.wait import until


@pytest.fixture
def pcm() -> bytes:
    frames, _ = soundfile.read(BECKETT.path, dtype="int16")
    return bytes(frames.tobytes())


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            continue  # the test closed it


def source(descriptor: int, *, realtime: bool = False) -> PcmPipeSource:
    return PcmPipeSource(chunk_ms=100, realtime=realtime, descriptor=descriptor)


async def read(from_where: PcmPipeSource) -> list[AudioChunk]:
    opened, *chunks = [item async for item in from_where.items()]
    assert opened == SourceOpened("stdin", "standard input")
    return [item for item in chunks if isinstance(item, AudioChunk)]


async def test_what_is_written_is_heard(pipe: tuple[int, int], pcm: bytes) -> None:
    def write() -> None:
        for first in range(0, len(pcm), 777):  # not even whole samples
            os.write(pipe[1], pcm[first : first + 777])
        os.close(pipe[1])

    writer = threading.Thread(target=write)
    writer.start()
    chunks = await read(source(pipe[0]))
    writer.join()
    assert b"".join(chunk.pcm for chunk in chunks) == pcm
    assert {chunk.samples for chunk in chunks[:-1]} == {1600}
    assert [chunk.start for chunk in chunks] == list(range(0, len(pcm) // 2, 1600))


async def test_a_file_can_be_standard_input(tmp_path: Path, pcm: bytes) -> None:
    path = tmp_path / "speech.raw"
    path.write_bytes(pcm)
    with path.open("rb") as file:
        chunks = await read(source(file.fileno()))
    assert b"".join(chunk.pcm for chunk in chunks) == pcm


async def test_half_a_sample_at_the_end_is_dropped_and_reported(
    pipe: tuple[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    os.write(pipe[1], bytes(5001))
    os.close(pipe[1])
    chunks = await read(source(pipe[0]))
    assert sum(chunk.samples for chunk in chunks) == 2500
    assert "middle of a sample" in caplog.text


async def test_a_fast_writer_waits_for_a_slow_listener(pipe: tuple[int, int]) -> None:
    os.set_blocking(pipe[1], False)
    items = source(pipe[0]).items()
    await anext(items)
    written = 0

    def write() -> bool:
        nonlocal written
        try:
            written += os.write(pipe[1], bytes(3200))
        except BlockingIOError:
            return True
        return False

    full = 0
    while full < 50:  # the reader's thread had every chance to take more
        full = full + 1 if write() else 0
        await asyncio.sleep(0.002)
    assert written < 65_536 + 30 * 3200
    await items.aclose()


async def test_a_file_is_slowed_down_to_real_time(tmp_path: Path, pcm: bytes) -> None:
    path = tmp_path / "speech.raw"
    path.write_bytes(pcm)
    clock = ManualClock()
    with path.open("rb") as file:
        paced = PcmPipeSource(chunk_ms=100, realtime=True, descriptor=file.fileno(), clock=clock)
        async with listening(paced) as heard:
            await until(lambda: clock.sleepers)
            await clock.advance(1.0)
            await heard.until(lambda: len(heard.chunks) == 10)
            await until(lambda: clock.sleepers)
            assert len(heard.chunks) == 10


@pytest.mark.parametrize("sent", [b"", b"x"])
async def test_nothing_on_standard_input(pipe: tuple[int, int], sent: bytes) -> None:
    os.write(pipe[1], sent)
    os.close(pipe[1])
    with pytest.raises(InputFileError, match="Nothing came in") as caught:
        await read(source(pipe[0]))
    assert "ffmpeg" in caught.value.hint


async def test_a_terminal_is_not_sound() -> None:
    controller, terminal = pty.openpty()
    try:
        with pytest.raises(InputFileError, match="is a terminal") as caught:
            await read(source(terminal))
        assert caught.value.hint
    finally:
        os.close(controller)
        os.close(terminal)


async def test_a_sound_file_on_standard_input_is_refused() -> None:
    with (
        BECKETT.path.open("rb") as file,
        pytest.raises(InputFileError, match="raw 16 kHz mono") as caught,
    ):
        await read(source(file.fileno()))
    assert caught.value.hint


@pytest.mark.parametrize("sent", [0, 3200, 500_000])
async def test_close_ends_a_wait_and_leaves_nothing(pipe: tuple[int, int], sent: int) -> None:
    def open_files() -> set[Path]:
        return set(Path("/proc/self/fd").iterdir())

    threads, files = set(threading.enumerate()), open_files()
    os.set_blocking(pipe[1], False)
    if sent:
        os.write(pipe[1], bytes(sent))
    listened = source(pipe[0])
    async with listening(listened) as heard:
        await heard.until(lambda: heard.opened)
        await listened.close()
        await listened.close()
    await until(lambda: set(threading.enumerate()) == threads)
    await until(lambda: open_files() == files)
