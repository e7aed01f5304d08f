from __future__ import annotations

import logging
import os
import resource
import shutil
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from captioner.audio import decoders
from captioner.audio.file import FileSource, file_duration_s
from captioner.core.audio import AudioChunk, SourceOpened
from captioner.core.errors import InputFileError
from tests.support.clips import BECKETT, TWO_CITIES
from tests.support.clock import ManualClock
from tests.support.listening import found_in, listening, reference
from tests.support.wait import until


async def read(path: Path, *, chunk_ms: int = 100) -> list[AudioChunk]:
    items = [item async for item in FileSource(path, chunk_ms=chunk_ms, realtime=False).items()]
    opened, *chunks = items
    assert opened == SourceOpened(kind="file", name=path.name)
    only_audio = [item for item in chunks if isinstance(item, AudioChunk)]
    assert len(only_audio) == len(chunks)
    position = 0
    for chunk in only_audio:
        assert chunk.start == position
        assert chunk.lost_before == 0
        position = chunk.end
    return only_audio


def samples(chunks: list[AudioChunk]) -> NDArray[np.float64]:
    pcm = b"".join(chunk.pcm for chunk in chunks)
    return np.frombuffer(pcm, dtype="<i2").astype(np.float64) / 32768


async def refusal(path: Path) -> InputFileError:
    with pytest.raises(InputFileError) as caught:
        await read(path)
    assert caught.value.message.endswith(".")
    assert "Traceback" not in caught.value.message
    return caught.value


@pytest.mark.parametrize(
    ("name", "rate", "channels", "subtype", "closeness"),
    [
        ("stereo48.wav", 48_000, 2, "PCM_16", 0.9999),
        ("phone.wav", 8_000, 1, "PCM_16", 0.95),
        ("studio.wav", 192_000, 2, "PCM_24", 0.9999),
        ("float.wav", 44_100, 1, "FLOAT", 0.9999),
        ("surround.wav", 48_000, 6, "PCM_16", 0.9999),
        ("ulaw.wav", 16_000, 1, "ULAW", 0.999),
        ("flac.flac", 44_100, 2, "PCM_16", 0.9999),
        ("vorbis.ogg", 44_100, 2, "VORBIS", 0.97),
        ("opus.opus", 48_000, 1, "OPUS", 0.97),
        ("lame.mp3", 44_100, 2, "MPEG_LAYER_III", 0.97),
    ],
)
async def test_every_usual_format_is_heard_right(  # noqa: PLR0917  # a table of cases
    tmp_path: Path,
    short_clip: Path,
    name: str,
    rate: int,
    channels: int,
    subtype: str,
    closeness: float,
) -> None:
    wanted = reference(short_clip)
    frames = soxr.resample(wanted, 16_000, rate)
    path = tmp_path / name
    container = "OGG" if name.endswith(".opus") else None
    soundfile.write(
        path, np.repeat(frames[:, None], channels, axis=1), rate, subtype=subtype, format=container
    )
    result = samples(await read(path))
    _, correlation, louder = found_in(np.pad(result, (1600, 3200)), wanted)
    assert correlation > closeness
    assert abs(louder) < 0.7
    assert len(result) == pytest.approx(len(wanted), abs=2000)
    assert file_duration_s(path) == pytest.approx(1.2, abs=0.15)


async def test_speech_at_our_own_rate_is_not_touched() -> None:
    frames, _ = soundfile.read(BECKETT.path, dtype="int16")
    assert b"".join(chunk.pcm for chunk in await read(BECKETT.path)) == frames.tobytes()


async def test_chunks_have_the_length_that_was_asked_for() -> None:
    chunks = await read(TWO_CITIES.path, chunk_ms=80)
    assert {chunk.samples for chunk in chunks[:-1]} == {1280}
    assert sum(chunk.samples for chunk in chunks) == 709_986


@pytest.fixture(params=["pyav", "ffmpeg"])
def other_decoder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "ffmpeg":
        if shutil.which("ffmpeg") is None:
            pytest.skip("ffmpeg is not installed")
        monkeypatch.setattr(decoders, "_is_installed", lambda _module: False)
    return str(request.param)


def write_m4a(path: Path, frames: NDArray[np.float64]) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            frames.astype(np.float32)[None, :], format="fltp", layout="mono"
        )
        frame.rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.mark.parametrize("name", ["speech.m4a", "speech.mp4", "speech.mkv"])
async def test_other_containers_are_heard_right(
    tmp_path: Path, short_clip: Path, other_decoder: str, name: str
) -> None:
    wanted = reference(short_clip)
    path = tmp_path / name
    write_m4a(path, wanted)
    result = samples(await read(path))
    _, correlation, louder = found_in(np.pad(result, (1600, 3200)), wanted)
    assert correlation > 0.97
    assert abs(louder) < 0.7


async def test_a_container_that_breaks_off_gives_what_is_there(
    tmp_path: Path, other_decoder: str, short_clip: Path
) -> None:
    path = tmp_path / "speech.mkv"
    write_m4a(path, reference(short_clip))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert 4_800 < len(samples(await read(path))) < 14_400


async def test_text_is_not_sound(tmp_path: Path, other_decoder: str) -> None:
    path = tmp_path / "letter.m4a"
    path.write_text("Dear reader, this is no sound at all.\n" * 100, encoding="utf-8")
    error = await refusal(path)
    assert "not a sound file" in error.message
    assert error.hint


async def test_a_film_without_sound(tmp_path: Path, other_decoder: str) -> None:
    path = tmp_path / "silent.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), dtype=np.uint8), format="rgb24")
        container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    assert (await refusal(path)).hint


async def test_without_other_decoders_both_ways_out_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoders, "_is_installed", lambda _module: False)
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / "film.mp4"
    path.write_bytes(b"\0\0\0\x18ftypmp42" + bytes(4000))
    error = await refusal(path)
    assert "captioner[media]" in error.hint
    assert "ffmpeg" in error.hint


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda _path: None, "There is no file"),
        (lambda path: path.touch(), "is empty"),
        (lambda path: path.mkdir(), "is a folder"),
        (os.mkfifo, "not a regular file"),
        (lambda path: soundfile.write(path, np.zeros(0), 16_000), "no sound in"),
        (lambda path: path.write_bytes(b"RIFF\x24\0\0\0WAVEfmt "), "not a sound file"),
        (lambda path: path.write_bytes(os.urandom(40_000)), "not a sound file"),
    ],
)
async def test_what_cannot_be_heard_is_refused_in_plain_words(
    tmp_path: Path, make: Callable[[Path], None], says: str
) -> None:
    path = tmp_path / "input.wav"
    make(path)
    error = await refusal(path)
    assert says in error.message
    assert error.hint


async def test_impossible_names_are_refused_in_plain_words(tmp_path: Path) -> None:
    too_long = await refusal(tmp_path / ("x" * 300))
    assert "cannot be opened" in too_long.message
    assert too_long.hint
    assert "cannot be opened" in (await refusal(tmp_path / "a\0b")).message
    (tmp_path / "file").touch()
    assert "cannot be opened" in (await refusal(tmp_path / "file" / "inside.wav")).message


@contextmanager
def unprivileged() -> Iterator[None]:
    """Root reads everything, so it becomes nobody for a moment."""
    was = os.geteuid()
    if was:
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(was)


async def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "secret.wav"
    shutil.copy(BECKETT.path, path)
    path.chmod(0)
    with unprivileged():
        error = await refusal(path)
    assert "may not be read" in error.message
    assert error.hint


@pytest.mark.parametrize("name", ["clip.wav", "clip.flac", "clip.mp3", "clip.ogg"])
async def test_a_file_that_breaks_off_gives_what_is_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    frames, rate = soundfile.read(BECKETT.path)
    whole = tmp_path / f"whole-{name}"
    soundfile.write(whole, frames, rate)
    path = tmp_path / name
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with caplog.at_level(logging.WARNING):
        result = samples(await read(path))
    assert 0.3 * len(frames) < len(result) < 0.7 * len(frames)
    wanted = reference(whole)
    assert found_in(np.pad(wanted, (0, 1600)), result[:-1600])[1] > 0.99


@pytest.mark.parametrize("name", ["clip.wav", "clip.flac", "clip.mp3", "clip.ogg"])
async def test_a_cut_off_file_is_reported_and_a_whole_one_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    frames, rate = soundfile.read(BECKETT.path)
    whole, path = tmp_path / f"whole-{name}", tmp_path / name
    soundfile.write(whole, frames, rate)
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with caplog.at_level(logging.WARNING):
        await read(whole)
        assert not caplog.text
        await read(path)
    assert f'"{name}"' in caplog.text


@pytest.mark.parametrize("claimed", [0xFFFF_FFFF, 0x7FFF_FFFF, 0x7FFF_F000])
async def test_a_wav_file_of_unknown_length_is_whole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, claimed: int
) -> None:
    # What a program writes into a pipe, where it cannot go back to fill in the size.
    header, sound = BECKETT.path.read_bytes()[:40], BECKETT.path.read_bytes()[44:]
    path = tmp_path / "pipe.wav"
    path.write_bytes(header + struct.pack("<I", claimed) + sound)
    with caplog.at_level(logging.WARNING):
        assert len(samples(await read(path))) > 0
    assert not caplog.text


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a file name is always text")
async def test_a_name_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.wav")
    shutil.copy(BECKETT.path, path)
    error = await refusal(path)
    assert "caf\\udce9.wav" in error.message
    assert "Rename" in error.hint


async def test_a_header_of_nonsense_does_not_eat_the_memory(tmp_path: Path) -> None:
    for rate, channels in [(1, 1), (2_000_000_000, 1), (48_000, 1024), (0, 1)]:
        path = tmp_path / f"bomb-{rate}-{channels}.wav"
        size = 2 * channels * 1000
        path.write_bytes(
            struct.pack(
                "<4sI4s4sIHHIIHH4sI",
                b"RIFF",
                36 + size,
                b"WAVE",
                b"fmt ",
                16,
                1,
                channels,
                rate,
                0,
                2 * channels,
                16,
                b"data",
                size,
            )
            + bytes(size)
        )
        if rate == 48_000:
            assert sum(chunk.samples for chunk in await read(path)) == pytest.approx(333, abs=2)
        else:
            await refusal(path)
        path.unlink()


def ten_hours(path: Path) -> Path:
    """Write a wav of ten hours that takes no room on the disk: all of it is a hole."""
    size = 10 * 3600 * 48_000 * 2
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + size,
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        48_000,
        96_000,
        2,
        16,
        b"data",
        size,
    )
    path.write_bytes(header)
    os.truncate(path, len(header) + size)
    return path


async def test_ten_hours_are_read_piece_by_piece(tmp_path: Path) -> None:
    path = ten_hours(tmp_path / "day.wav")
    assert file_duration_s(path) == 36_000
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with listening(FileSource(path, chunk_ms=100, realtime=False)) as heard:
        await heard.until(lambda: heard.end > 120 * 16_000)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 50_000


async def test_real_time_is_kept_by_deadlines() -> None:
    clock = ManualClock()
    source = FileSource(BECKETT.path, chunk_ms=125, realtime=True, clock=clock)  # binary fraction
    async with listening(source) as heard:
        for _ in range(5):
            count = len(heard.chunks)
            await until(lambda: clock.sleepers)
            await clock.advance(0.125)
            await heard.until(lambda: len(heard.chunks) > count)  # noqa: B023  # awaited here
            assert len(heard.chunks) == count + 1
        # A machine that was busy for two seconds catches up at once.
        await until(lambda: clock.sleepers)
        await clock.advance(2.0)
        await heard.until(lambda: len(heard.chunks) == 21)
        await until(lambda: clock.sleepers)
        await clock.advance(0.125)
        await heard.until(lambda: len(heard.chunks) == 22)
    heard.require_linear()
    assert heard.chunks[4].captured_at == 1000.625
    assert heard.chunks[21].captured_at == 1002.75


async def test_close_ends_a_wait_for_real_time() -> None:
    clock = ManualClock()
    source = FileSource(BECKETT.path, chunk_ms=100, realtime=True, clock=clock)
    async with listening(source) as heard:
        await until(lambda: clock.sleepers)
        await source.close()
        await source.close()
    assert heard.chunks == []


def open_files() -> set[Path]:
    return set(Path("/proc/self/fd").iterdir())


@pytest.mark.parametrize("steps", [0, 1, 5])
async def test_nothing_is_left_behind(steps: int) -> None:
    threads = set(threading.enumerate())
    files = open_files()
    source = FileSource(BECKETT.path, chunk_ms=100, realtime=False)
    items = source.items()
    for _ in range(steps):
        await anext(items)
    await items.aclose()
    await source.close()
    await until(lambda: set(threading.enumerate()) == threads)
    assert open_files() == files


async def test_an_ffmpeg_that_is_not_needed_any_more_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    monkeypatch.setattr(decoders, "_is_installed", lambda _module: False)
    path = tmp_path / "long.mkv"
    write_m4a(path, np.tile(reference(BECKETT.path), 3))
    files = open_files()
    items = FileSource(path, chunk_ms=100, realtime=False).items()
    for _ in range(3):
        await anext(items)
    await items.aclose()
    await until(lambda: open_files() == files)
