"""Opens sound files, block by block. All calls block: they belong on a worker thread.

soundfile (libsndfile) reads wav, flac, ogg, opus and mp3. Everything else, such as the sound of an
mp4, is tried with PyAV where the extra ``media`` is installed, else with the system's ffmpeg.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import soundfile

from captioner.audio.chunker import Frames
from captioner.core.audio import SAMPLE_RATE
from captioner.core.errors import InputFileError

_log = logging.getLogger(__name__)

_RATES: Final = range(1_000, 1_000_001)
_BLOCK_VALUES: Final = 1 << 20
"""At most so many values a block, whatever rate and channel count a file claims to have."""

_STOP_LIMIT_S: Final = 2.0

_WAV_SIZES: Final = re.compile(r"^data : (\d+) \(should be (\d+)\)", re.MULTILINE)
_OGG_WITHOUT_END: Final = "lacks an end-of-stream bit"
_UNKNOWN_SIZE: Final = 0x7FFF_0000
"""A program that writes wav into a pipe cannot know the size, and claims the largest there is."""


class Decoder(Protocol):
    """An open sound file.

    Attributes:
        rate: Frames per second.
        channels: Samples per frame.
        duration_s: Length as the file tells it; None when it does not.
        is_cut_off: Whether the file says that its end is missing.
    """

    rate: int
    channels: int
    duration_s: float | None
    is_cut_off: bool

    def read(self) -> Frames:
        """Return the next block, about a second; an empty one at the end.

        Raises:
            InputFileError: The file is damaged here.
        """
        ...

    def close(self) -> None:
        """Let go of the file. May be repeated."""
        ...


def open_decoder(path: Path) -> Decoder:
    """Open ``path`` with the first library that can read it.

    Raises:
        InputFileError: It is no file, cannot be read, or is not sound.
    """
    _require_readable(path)
    try:
        return _SoundFileDecoder(path)
    except soundfile.LibsndfileError as error:
        _log.info("libsndfile does not read %s: %s", path.name, error)
    if _is_installed("av"):
        return _AvDecoder(path)
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is not None:
        return _FfmpegDecoder(path, ffmpeg)
    raise InputFileError(
        f'"{path.name}" is not in a format that Captioner reads by itself '
        "(wav, flac, ogg, opus, mp3).",
        hint="For m4a, mp4, mkv and others install ffmpeg (sudo apt-get install ffmpeg), or the "
        "extra 'media' (pip install 'captioner[media]').",
    )


def _is_installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _require_readable(path: Path) -> None:
    """Say in plain words why ``path`` cannot be opened.

    Raises:
        InputFileError: It is missing, a folder, a pipe, empty, or may not be read.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError as error:  # bytes that the file system allows, and Python keeps
        raise InputFileError(
            f'The name "{ascii(str(path))[1:-1]}" is not text.',
            hint="Rename the file, then try it again.",
        ) from error
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise InputFileError(
                f'"{path}" is a folder.', hint="Name the sound files inside it, one by one."
            )
        if not stat.S_ISREG(status.st_mode):
            raise InputFileError(
                f'"{path}" is not a regular file.',
                hint="Pipe raw 16 kHz mono 16-bit PCM into `captioner live --source -` instead.",
            )
        with path.open("rb") as file:
            if not file.read(1):
                raise InputFileError(f'"{path}" is empty.', hint="Record or copy it once more.")
    except FileNotFoundError as error:
        raise InputFileError(
            f'There is no file "{path}".', hint="Check the spelling, and the folder you are in."
        ) from error
    except PermissionError as error:
        raise InputFileError(
            f'"{path}" may not be read.', hint="Give yourself the right to read it, with chmod."
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputFileError(
            f'"{path}" cannot be opened: {reason}.',
            hint="Check the name, or copy the file to another place and try that one.",
        ) from error


def _require_sound(path: Path, rate: int, channels: int) -> None:
    if rate not in _RATES or channels < 1:
        raise InputFileError(
            f'"{path.name}" claims {rate} samples a second in {channels} channels: that is not '
            "sound, or the file is damaged.",
            hint="Convert it to wav or flac with the program that made it.",
        )


def _lacks_its_end(remarks: str) -> bool:
    """Whether libsndfile, which reads what is there, remarked that a file should be longer."""
    sizes = _WAV_SIZES.search(remarks)
    if sizes is not None:
        claimed, there = int(sizes[1]), int(sizes[2])
        return there < claimed < _UNKNOWN_SIZE
    return _OGG_WITHOUT_END in remarks


def _first_stream(path: Path, container: Any) -> Any:  # noqa: ANN401  # PyAV is optional
    if not container.streams.audio:
        raise InputFileError(
            f'There is no sound in "{path.name}".', hint="Check that it is the right file."
        )
    return container.streams.audio[0]


def _not_sound(path: Path) -> InputFileError:
    return InputFileError(
        f'"{path.name}" is not a sound file, or it is damaged.',
        hint="Play it in another program to see whether it is whole.",
    )


class _SoundFileDecoder:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = soundfile.SoundFile(os.fspath(path))
        self.rate = int(self._file.samplerate)
        self.channels = int(self._file.channels)
        try:
            _require_sound(path, self.rate, self.channels)
        except InputFileError:
            self._file.close()
            raise
        self.duration_s: float | None = self._file.frames / self.rate
        self.is_cut_off = _lacks_its_end(self._file.extra_info)
        self._block = max(1, min(self.rate, _BLOCK_VALUES // self.channels))

    def read(self) -> Frames:
        try:
            frames: Frames = self._file.read(self._block, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise _not_sound(self._path) from error
        return frames

    def close(self) -> None:
        self._file.close()


class _AvDecoder:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._av: Any = importlib.import_module("av")
        try:
            # "file:" keeps a name such as "http:..." from meaning anything but a file.
            self._container = self._av.open(f"file:{path.absolute()}", metadata_errors="replace")
        except self._av.error.FFmpegError as error:
            raise _not_sound(path) from error
        try:
            stream = _first_stream(path, self._container)
            self.rate, self.channels = int(stream.rate), int(stream.channels)
            _require_sound(path, self.rate, self.channels)
            length = self._container.duration
            self.duration_s = None if length is None else length / self._av.time_base
            self.is_cut_off = False
            # Interleaved floats, whatever the codec gives.
            self._resampler = self._av.AudioResampler(
                format="flt", layout=stream.layout, rate=self.rate
            )
            self._frames = self._decoded(stream)
        except BaseException:
            self._container.close()
            raise

    def read(self) -> Frames:
        blocks: list[Frames] = []
        length = 0
        try:
            while length < self.rate:
                block = next(self._frames, None)
                if block is None:
                    break
                blocks.append(block)
                length += len(block)
        except self._av.error.FFmpegError as error:
            if not blocks:
                raise _not_sound(self._path) from error
            # The next call meets the same error, after what was read before it.
        return np.concatenate(blocks) if blocks else _no_frames(self.channels)

    def close(self) -> None:
        self._container.close()

    def _decoded(self, stream: Any) -> Iterator[Frames]:  # noqa: ANN401  # PyAV is optional
        for frame in self._container.decode(stream):
            for part in self._resampler.resample(frame):
                yield part.to_ndarray().reshape(-1, self.channels)
        for part in self._resampler.resample(None):
            yield part.to_ndarray().reshape(-1, self.channels)


class _FfmpegDecoder:
    """A child process that writes 16 kHz mono; it is killed when the file is closed early."""

    def __init__(self, path: Path, program: str) -> None:
        self._path = path
        self.rate, self.channels = SAMPLE_RATE, 1
        self.duration_s: float | None = None
        self.is_cut_off = False
        # A file, not a pipe: nobody reads it meanwhile, so a pipe could fill up and block ffmpeg.
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115  # closed by close()
        self._child = subprocess.Popen(
            [
                *(program, "-nostdin", "-hide_banner", "-v", "error"),
                *("-protocol_whitelist", "file", "-i", f"file:{path.absolute()}"),
                *("-map", "0:a:0", "-f", "f32le", "-ac", "1", "-ar", str(SAMPLE_RATE), "pipe:1"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._messages,
        )

    def read(self) -> Frames:
        if self._child.stdout is None:
            raise RuntimeError("ffmpeg was started without a pipe")
        data = self._child.stdout.read(SAMPLE_RATE * 4)
        if not data and self._child.wait() != 0:
            self._messages.seek(0)
            seen = self._messages.read(2000).decode(errors="replace").strip()
            _log.warning("ffmpeg on %s: %s", self._path.name, seen)
            raise _not_sound(self._path)
        return np.frombuffer(data[: len(data) // 4 * 4], dtype="<f4").reshape(-1, 1)

    def close(self) -> None:
        if self._child.poll() is None:
            self._child.kill()
            self._child.wait(_STOP_LIMIT_S)
        if self._child.stdout is not None:
            self._child.stdout.close()
        self._messages.close()


def _no_frames(channels: int) -> Frames:
    return np.zeros((0, channels), dtype=np.float32)
