"""System audio and microphones of PulseAudio and PipeWire."""

from __future__ import annotations

from collections.abc import Callable

from captioner.audio.capture import Capture
from captioner.audio.catalog import AudioDevice
from captioner.audio.handover import Handover
from captioner.audio.pulse_capture import PulseCapture
from captioner.audio.pulse_devices import PulseWatch
from captioner.audio.wish import WantedKind, choose_wanted, condition_of, without_echo
from captioner.core.audio import SourceCondition
from captioner.core.errors import AudioDeviceError


class PulseBackend:
    """Opens what the server's defaults or the device's name say; see `CaptureBackend`."""

    def __init__(
        self,
        kind: WantedKind,
        name: str | None,
        *,
        echo_cancelled: bool = False,
        fragment_s: float = 0.05,
        open_limit_s: float = 5.0,
    ) -> None:
        """Prepare.

        Args:
            kind: What to capture; "auto" takes the system audio where there is an output.
            name: The device's name; None follows the server's default.
            echo_cancelled: Whether a microphone is heard through the server's echo canceller, where
                one is loaded for it.
            fragment_s: How much audio the server gives at once, in seconds.
            open_limit_s: How long opening may take.
        """
        self._kind = kind
        self._name = name
        self._echo_cancelled = echo_cancelled
        self._fragment_s = fragment_s
        self._open_limit_s = open_limit_s
        self._watch: PulseWatch | None = None

    async def start(self, on_change: Callable[[], None]) -> None:
        """Begin to watch the server."""
        self._watch = PulseWatch(on_change)
        await self._watch.start()

    async def open(self, handover: Handover) -> Capture:
        """Open the wanted device.

        Raises:
            AudioDeviceError: It is not there or cannot be opened, or there is no server.
        """
        device = self._choose()
        capture = PulseCapture(
            device, handover, fragment_s=self._fragment_s, open_limit_s=self._open_limit_s
        )
        await capture.open()
        return capture

    async def is_outdated(self, capture: Capture) -> bool:
        """Tell whether the default has moved away from ``capture``."""
        try:
            wanted = self._choose()
        except AudioDeviceError:
            # Nothing better to listen to; when the device itself is gone the capture says so.
            return False
        return isinstance(capture, PulseCapture) and wanted.id != capture.id

    def condition(self, capture: Capture) -> SourceCondition:
        """Return whether the device is muted, and whether sound goes to another output."""
        if self._watch is None or not isinstance(capture, PulseCapture):
            return SourceCondition()
        try:
            return condition_of(self._watch.devices(), capture.id)
        except AudioDeviceError:
            return SourceCondition()

    def can_serve(self) -> bool:
        """Tell whether the server is there and has the wanted device."""
        try:
            self._choose()
        except AudioDeviceError:
            return False
        return True

    async def close(self) -> None:
        """Stop watching."""
        watch, self._watch = self._watch, None
        if watch is not None:
            await watch.close()

    def _choose(self) -> AudioDevice:
        if self._watch is None:
            raise RuntimeError("the back end was not started")
        devices = self._watch.devices()
        chosen = choose_wanted(devices, self._kind, self._name)
        return without_echo(devices, chosen) if self._echo_cancelled else chosen
