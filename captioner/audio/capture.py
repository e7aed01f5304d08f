"""What a capture library must offer, so that one `LiveSource` can drive them all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from captioner.audio.catalog import DeviceKind
from captioner.audio.handover import Handover
from captioner.core.audio import SourceCondition


class Capture(Protocol):
    """One open device. It puts blocks into the handover until closed, or tells it why it cannot."""

    @property
    def kind(self) -> DeviceKind:
        """What it captures."""
        ...

    @property
    def name(self) -> str:
        """The device's name for people."""
        ...

    @property
    def rate(self) -> int:
        """Frames per second of the blocks."""
        ...

    @property
    def channels(self) -> int:
        """Samples per frame of the blocks."""
        ...

    @property
    def idle(self) -> bool:
        """True while the device is well but rightly delivers nothing, because nothing plays."""
        ...

    async def close(self) -> None:
        """Stop capturing; nothing is put into the handover afterwards. May be repeated."""
        ...


class CaptureBackend(Protocol):
    """Finds and opens the device that was asked for, as often as needed."""

    async def start(self, on_change: Callable[[], None]) -> None:
        """Begin to watch the devices; ``on_change`` is called on the loop when they change."""
        ...

    async def open(self, handover: Handover) -> Capture:
        """Open the device that is wanted now; returns when it runs.

        Raises:
            AudioDeviceError: It is not there, busy, or does not start in time.
            UnsupportedError: This computer cannot capture what is asked for.
        """
        ...

    async def is_outdated(self, capture: Capture) -> bool:
        """Tell whether another device is wanted by now, because the default has changed."""
        ...

    def condition(self, capture: Capture) -> SourceCondition:
        """Return what is known of the device of ``capture`` now."""
        ...

    async def close(self) -> None:
        """Stop watching, and let go of everything. May be repeated."""
        ...
