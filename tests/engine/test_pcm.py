"""A client's bytes as samples."""

from __future__ import annotations

import io
import wave
from typing import Any, cast

import numpy as np
import pytest
from riva.client.proto import riva_audio_pb2

from captioner.core.audio import SAMPLE_RATE
from captioner.core.errors import RequestError
from captioner.engine.backend import Samples
from captioner.engine.pcm import AudioDecoder
from tests.engine.serving import config, pcm


def _tone(rate: int, seconds: float = 1.0) -> Samples:
    moments = np.arange(round(rate * seconds)) / rate
    return (0.5 * np.sin(2 * np.pi * 440 * moments)).astype(np.float32)


def _wav(sound: Samples, rate: int, *, channels: int = 1, width: int = 2) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(width)
        writer.setframerate(rate)
        writer.writeframes(pcm(np.repeat(sound, channels)) if width == 2 else bytes(width * 100))
    return file.getvalue()


def _decoded(data: bytes, *, size: int, **changes: object) -> Samples:
    decoder = AudioDecoder(config(**cast("Any", changes)).config)
    parts = [decoder.decode(data[start : start + size]) for start in range(0, len(data), size)]
    return np.concatenate([*parts, decoder.finish()])


@pytest.mark.parametrize("size", [2, 46, 1000, 10**6])
def test_header_of_a_wav_file_is_no_sound(size: int) -> None:
    sound = _tone(SAMPLE_RATE, 0.1)
    decoded = _decoded(_wav(sound, SAMPLE_RATE), size=size)
    assert len(decoded) == len(sound)
    np.testing.assert_allclose(decoded, sound, atol=1e-3)


def test_rate_and_channels_of_the_header_count() -> None:
    decoded = _decoded(
        _wav(_tone(48_000), 48_000, channels=2),
        size=4096,
        encoding=riva_audio_pb2.AudioEncoding.ENCODING_UNSPECIFIED,
        sample_rate_hertz=0,
    )
    assert abs(len(decoded) - SAMPLE_RATE) <= 1
    np.testing.assert_allclose(
        decoded[2000:-2000], _tone(SAMPLE_RATE)[2000 : len(decoded) - 2000], atol=0.01
    )


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
def test_other_rates_are_resampled_the_same_in_any_pieces(rate: int) -> None:
    data = pcm(_tone(rate))
    pieces = _decoded(data, size=640, sample_rate_hertz=rate)
    whole = _decoded(data, size=len(data), sample_rate_hertz=rate)
    assert abs(len(whole) - SAMPLE_RATE) <= 2
    np.testing.assert_allclose(pieces, whole, atol=1e-6)


def test_sound_after_the_data_of_a_wav_file_is_left_out() -> None:
    sound = _tone(SAMPLE_RATE, 0.1)
    decoded = _decoded(_wav(sound, SAMPLE_RATE) + b"LIST\x04\x00\x00\x00abcd", size=500)
    assert len(decoded) == len(sound)


def test_stereo_frame_may_be_split_over_messages() -> None:
    sound = _tone(SAMPLE_RATE, 0.1)
    decoded = _decoded(pcm(np.repeat(sound, 2)), size=6, audio_channel_count=2)
    np.testing.assert_allclose(decoded, sound, atol=1e-3)


@pytest.mark.parametrize(
    ("data", "changes", "words"),
    [
        (b"\0\0\0", {}, "odd number of bytes"),
        (_wav(_tone(8_000), 8_000), {}, "config format doesn't match with header format"),
        (_wav(_tone(8_000), 8_000, width=3), {"sample_rate_hertz": 8_000}, "16-bit PCM"),
        (bytes(100), {"encoding": 0}, "no WAV header"),
        (b"RIFF", {}, "ended inside"),
        (_wav(_tone(96_000, 0.1), 96_000), {"encoding": 0}, "96000"),
    ],
)
def test_what_is_refused(data: bytes, changes: dict[str, int], words: str) -> None:
    with pytest.raises(RequestError, match=words):
        _decoded(data, size=max(len(data), 1), **changes)


def test_other_encodings_are_refused() -> None:
    with pytest.raises(RequestError, match="FLAC"):
        AudioDecoder(config(encoding=riva_audio_pb2.AudioEncoding.FLAC).config)
