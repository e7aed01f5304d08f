"""Linux: PulseAudio or PipeWire where one of them serves, else the microphones that ALSA has."""

from __future__ import annotations

import logging
from collections.abc import Callable

from captioner.audio.capture import Capture
from captioner.audio.handover import Handover
from captioner.audio.portaudio import PortAudioBackend, PortAudioCapture, no_system_audio
from captioner.audio.pulse import PulseBackend
from captioner.audio.pulse_devices import PulseUnavailableError
from captioner.audio.wish import WantedKind
from captioner.core.audio import SourceCondition

_log = logging.getLogger(__name__)


class LinuxBackend:
    """Prefers the sound server, and moves to it when it appears.

    Once a server has served, ALSA is not tried any more: while the server restarts, taking its
    microphone would keep it from ever getting it back.
    """

    def __init__(self, kind: WantedKind, name: str | None, *, echo_cancelled: bool = False) -> None:
        """Prepare; ``name`` None follows the default; ``echo_cancelled`` as in `PulseBackend`."""
        self._kind: WantedKind = kind
        self._name = name
        self._pulse = PulseBackend(kind, name, echo_cancelled=echo_cancelled)
        self._alsa: PortAudioBackend | None = None
        self._served = False

    async def start(self, on_change: Callable[[], None]) -> None:
        """Begin to watch the sound server."""
        await self._pulse.start(on_change)

    async def open(self, handover: Handover) -> Capture:
        """Open the wanted device.

        Raises:
            AudioDeviceError: It is not there, or cannot be opened.
            UnsupportedError: Neither sound server nor PortAudio is installed.
        """
        try:
            capture = await self._pulse.open(handover)
        except PulseUnavailableError:
            if self._served:
                raise
            if self._kind == "system":
                raise no_system_audio() from None
        else:
            self._served = True
            return capture
        return await self._open_alsa(handover)

    async def is_outdated(self, capture: Capture) -> bool:
        """Tell whether the default has moved, or a sound server has appeared."""
        if isinstance(capture, PortAudioCapture):
            return self._pulse.can_serve()
        return await self._pulse.is_outdated(capture)

    def condition(self, capture: Capture) -> SourceCondition:
        """Return what the sound server knows; ALSA tells nothing."""
        return self._pulse.condition(capture)

    async def close(self) -> None:
        """Stop watching."""
        await self._pulse.close()
        if self._alsa is not None:
            await self._alsa.close()

    async def _open_alsa(self, handover: Handover) -> Capture:
        if self._alsa is None:
            _log.info("no sound server: trying ALSA")
            alsa = PortAudioBackend(self._kind, self._name)
            await alsa.start(lambda: None)
            self._alsa = alsa
        return await self._alsa.open(handover)
