"""Microphones (and, on macOS, the BlackHole loopback) through PortAudio."""

from __future__ import annotations

import sys
from collections.abc import Callable

from captioner.audio.capture import Capture
from captioner.audio.catalog import AudioDevice, DeviceKind
from captioner.audio.handover import Handover
from captioner.audio.portaudio_host import (
    LOOPBACK_HOST,
    MICROPHONE_HOST,
    PortAudioHost,
    PortAudioStream,
)
from captioner.audio.wish import WantedKind, choose_wanted
from captioner.core.audio import SourceCondition
from captioner.core.errors import AudioDeviceError, UnsupportedError


class PortAudioCapture:
    """One open input; see `captioner.audio.capture.Capture`."""

    def __init__(self, host: PortAudioHost, stream: PortAudioStream) -> None:
        """Take over an open stream."""
        self._host = host
        self._stream = stream

    @property
    def kind(self) -> DeviceKind:
        """What it captures."""
        return self._stream.device.kind

    @property
    def name(self) -> str:
        """The device's name for people."""
        return self._stream.device.name

    @property
    def rate(self) -> int:
        """Frames per second."""
        return self._stream.device.rate

    @property
    def channels(self) -> int:
        """Samples per frame."""
        return self._stream.channels

    @property
    def idle(self) -> bool:
        """Never: an input that is well delivers at least silence."""
        return False

    async def close(self) -> None:
        """Stop capturing."""
        await self._host.close(self._stream)


class PortAudioBackend:
    """Opens inputs by name or by default; see `captioner.audio.capture.CaptureBackend`."""

    def __init__(
        self, kind: WantedKind, name: str | None, *, host: PortAudioHost | None = None
    ) -> None:
        """Prepare; ``name`` None takes the system's default, ``host`` None the one for ``kind``."""
        self._kind = kind
        self._name = name
        self._host = host or (LOOPBACK_HOST if kind == "system" else MICROPHONE_HOST)
        self._entered = False
        self._opened_before = False

    async def start(self, on_change: Callable[[], None]) -> None:
        """Load PortAudio; it never reports changes.

        Raises:
            UnsupportedError: It is not installed.
        """
        del on_change
        await self._host.enter()
        self._entered = True

    async def open(self, handover: Handover) -> Capture:
        """Open the wanted input.

        Raises:
            AudioDeviceError: It is not there, or cannot be opened.
            UnsupportedError: System audio is wanted, and nothing here can capture it.
        """
        anew, self._opened_before = self._opened_before, True
        stream = await self._host.open(self._choose, handover, anew=anew)
        return PortAudioCapture(self._host, stream)

    async def is_outdated(self, capture: Capture) -> bool:
        """Never: PortAudio does not know what has changed."""
        del capture
        return False

    def condition(self, capture: Capture) -> SourceCondition:
        """Return nothing: PortAudio does not tell."""
        del capture
        return SourceCondition()

    async def close(self) -> None:
        """Let go of PortAudio."""
        if self._entered:
            self._entered = False
            await self._host.leave()

    def _choose(self, devices: list[AudioDevice]) -> AudioDevice:
        if self._kind == "system" and not any(device.kind == "system" for device in devices):
            raise no_system_audio()
        return choose_wanted(devices, self._kind, self._name)


def no_system_audio() -> AudioDeviceError | UnsupportedError:
    """Return the error that says what to install to hear other programs."""
    if sys.platform == "darwin":
        return UnsupportedError(
            "macOS gives no program the sound of others without a loopback driver.",
            hint="Install BlackHole (brew install blackhole-2ch), then make a Multi-Output Device "
            "of it and your speakers in Audio MIDI Setup.",
        )
    return AudioDeviceError(
        "System audio needs PulseAudio or PipeWire, and neither is running.",
        hint="Start it: systemctl --user start pipewire-pulse (or pulseaudio --start). A "
        "microphone works without.",
    )
