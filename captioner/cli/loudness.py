"""How loud a device is right now: one second of it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Final

from captioner.audio.catalog import AudioDevice
from captioner.audio.factory import open_source
from captioner.audio.level import measure_level
from captioner.core.audio import BYTES_PER_SAMPLE, SAMPLE_RATE, AudioChunk, AudioLevel, SourceLost
from captioner.core.errors import AudioDeviceError
from captioner.settings.models import AudioSettings

_LISTEN_S: Final = 1.0
_SILENCE_S: Final = 2.0
"""So long silence is waited out: some sound servers have that much of it ready in advance."""

_OPEN_LIMIT_S: Final = 5.0


async def level_of(device: AudioDevice) -> AudioLevel:
    """Return the level of one second of sound, or of silence if that is all there is.

    Raises:
        CaptionerError: It cannot be heard.
    """
    kind = "system" if device.kind == "system" else "mic"
    source = open_source(AudioSettings(source=kind, device=device.name))
    heard = bytearray()
    silence = 0
    limit_s = _OPEN_LIMIT_S + _SILENCE_S + _LISTEN_S
    try:
        async with asyncio.timeout(limit_s), aclosing(source.items()) as items:
            async for item in items:
                if isinstance(item, SourceLost):
                    raise item.error
                if not isinstance(item, AudioChunk):
                    continue
                if not any(item.pcm) and not heard and silence < _SILENCE_S * SAMPLE_RATE:
                    silence += item.samples
                    continue
                heard += item.pcm
                if len(heard) >= _LISTEN_S * SAMPLE_RATE * BYTES_PER_SAMPLE:
                    break
    except TimeoutError as error:
        raise AudioDeviceError(
            "It is there, but delivers no sound.",
            hint="Unplug it and plug it in again, or restart the sound server.",
        ) from error
    finally:
        await source.close()
    return measure_level(bytes(heard))
