"""Which channels a session has, and what each of them hears."""

from __future__ import annotations

from collections.abc import Container
from typing import Final

from captioner.session.echo import ChannelFilter, EchoCount, MicrophoneSide, SystemSide
from captioner.settings.models import AudioSettings

YOU: Final = "You"
"""The microphone, where the system audio is a channel too."""

OTHERS: Final = "Others"
"""The system audio, where the microphone is a channel too."""


def channel_sources(audio: AudioSettings) -> dict[str, AudioSettings]:
    """Return what each channel hears, by the channel's name; "" is the name of an only one."""
    if audio.source != "both":
        return {"": audio}
    microphone = {"source": "mic", "device": audio.mic_device, "echo_cancelled": True}
    system = {"source": "system", "device": audio.system_device}
    return {
        YOU: audio.model_copy(update=microphone),
        OTHERS: audio.model_copy(update=system),
    }


def echo_filters(channels: Container[str], count: EchoCount) -> dict[str, ChannelFilter]:
    """Return what keeps the echo of one of ``channels`` out of the other, by channel.

    What is left out is added to ``count``. One channel alone has no echo.
    """
    if not (YOU in channels and OTHERS in channels):
        return {}
    system = SystemSide()
    return {OTHERS: system, YOU: MicrophoneSide(system, count)}
