"""A client's bytes as 16 kHz mono samples: raw PCM or a WAV file, at its own rate and channels.

NVIDIA's file clients send a WAV file as it is, header first, also in a stream. Several channels
are mixed to one.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
import soxr
from riva.client.proto import riva_asr_pb2, riva_audio_pb2

from captioner.core.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from captioner.core.errors import RequestError
from captioner.engine.backend import Samples
from captioner.riva.serving import INVALID

LOWEST_RATE: Final = 8_000
HIGHEST_RATE: Final = 48_000

_MOST_CHANNELS: Final = 8
_LONGEST_HEADER: Final = 65_536
_CHUNK_HEAD: Final = 8
_RIFF_HEAD: Final = 12
_PCM: Final = 1
_EXTENSIBLE: Final = 0xFFFE
_OPEN_ENDED: Final = (0, 0xFFFFFFFF)
_FULL_SCALE: Final = 32_768.0


@dataclass(frozen=True, slots=True)
class _WavHead:
    """What a WAV header says.

    Attributes:
        rate: Samples per second.
        channels: Interleaved channels.
        body: Offset of the first sample.
        size: Bytes of samples; None when the header does not know.
    """

    rate: int
    channels: int
    body: int
    size: int | None


class AudioDecoder:
    """Turns one client's messages into samples, whatever their lengths."""

    def __init__(self, config: riva_asr_pb2.RecognitionConfig) -> None:
        """Begin a stream.

        Raises:
            RequestError: The format is none that is understood.
        """
        encodings = riva_audio_pb2.AudioEncoding
        if config.encoding not in (encodings.LINEAR_PCM, encodings.ENCODING_UNSPECIFIED):
            raise _refusal(
                f"Unsupported encoding {encodings.Name(config.encoding)}: send LINEAR_PCM, "
                "16 bits, raw or as a WAV file"
            )
        self._rate = config.sample_rate_hertz
        self._channels = max(1, config.audio_channel_count)
        if self._channels > _MOST_CHANNELS:
            raise _refusal(f"Too many channels: {self._channels}, at most {_MOST_CHANNELS}")
        self._needs_header = config.encoding == encodings.ENCODING_UNSPECIFIED
        self._head: bytes | None = b""
        self._rest = b""
        self._left: int | None = None
        self._resampler: soxr.ResampleStream | None = None

    def decode(self, data: bytes) -> Samples:
        """Return the samples of one message, as far as they are known yet.

        Raises:
            RequestError: Half a sample, a header that is no 16-bit PCM, or one that contradicts
                the configuration.
        """
        if len(data) % BYTES_PER_SAMPLE:
            raise _refusal("Audio must be whole samples of 16 bits: an odd number of bytes came")
        if self._head is not None:
            data = self._body(data)
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        width = BYTES_PER_SAMPLE * self._channels
        data = self._rest + data
        whole = len(data) // width * width
        self._rest = data[whole:]
        sound = np.frombuffer(data[:whole], dtype="<i2").astype(np.float32) / _FULL_SCALE
        if self._channels > 1:
            sound = sound.reshape(-1, self._channels).mean(axis=1)
        return self._resampled(sound, last=False)

    def finish(self) -> Samples:
        """Return what the resampler still holds.

        Raises:
            RequestError: The audio ended inside a WAV header.
        """
        if self._head:
            raise _refusal("The audio ended inside its WAV header")
        return self._resampled(np.zeros(0, dtype=np.float32), last=True)

    def _resampled(self, sound: Samples, *, last: bool) -> Samples:
        if self._rate == SAMPLE_RATE or (self._resampler is None and not len(sound)):
            return sound
        if self._resampler is None:
            self._resampler = soxr.ResampleStream(self._rate, SAMPLE_RATE, 1, dtype="float32")
        return np.asarray(self._resampler.resample_chunk(sound, last=last), dtype=np.float32)

    def _body(self, data: bytes) -> bytes:
        """Return the audio of the first messages, without the WAV header that may come first."""
        self._head = (self._head or b"") + data
        head = _read_head(self._head)
        if head is None:
            if len(self._head) > _LONGEST_HEADER:
                raise _refusal("The WAV header does not end")
            return b""
        begin, self._head = self._head, None
        if isinstance(head, _WavHead):
            self._agree(head)
            return begin[head.body :]
        if self._needs_header:
            raise _refusal("The encoding is not given, and the audio has no WAV header")
        return begin

    def _agree(self, head: _WavHead) -> None:
        if not self._needs_header and self._rate not in (0, head.rate):
            raise _refusal("config format doesn't match with header format")
        if not LOWEST_RATE <= head.rate <= HIGHEST_RATE:
            raise _refusal(f"Sample rate {head.rate} is outside {LOWEST_RATE}-{HIGHEST_RATE} Hz")
        self._rate, self._channels, self._left = head.rate, head.channels, head.size


class _RawAudio:
    """What `_read_head` returns for audio that has no header."""


def _read_head(data: bytes) -> _WavHead | _RawAudio | None:
    """Return what the first bytes are; None when more of them are needed."""
    if not b"RIFF".startswith(data[:4]):
        return _RawAudio()
    if len(data) < _RIFF_HEAD:
        return None
    if data[8:12] != b"WAVE":
        return _RawAudio()
    position = _RIFF_HEAD
    layout: tuple[int, int] | None = None
    while position + _CHUNK_HEAD <= len(data):
        name = data[position : position + 4]
        (size,) = struct.unpack_from("<I", data, position + 4)
        position += _CHUNK_HEAD
        if name == b"data":
            if layout is None:
                raise _refusal("The WAV header does not describe its samples")
            return _WavHead(*layout, position, None if size in _OPEN_ENDED else size)
        if name == b"fmt " and position + 16 <= len(data):
            tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", data, position)
            if tag not in (_PCM, _EXTENSIBLE) or bits != 8 * BYTES_PER_SAMPLE:
                raise _refusal("The WAV file is not 16-bit PCM")
            if not 1 <= channels <= _MOST_CHANNELS:
                raise _refusal(f"The WAV file has {channels} channels")
            layout = (rate, channels)
        position += size + size % 2
    return None


def _refusal(text: str) -> RequestError:
    return RequestError(text, code=INVALID)
