"""The one interface of all sources of audio."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from captioner.core.audio import SourceItem


class AudioSource(Protocol):
    """Something that can be heard. Lives on one event loop and is iterated once."""

    def items(self) -> AsyncGenerator[SourceItem, None]:
        """Open on the first step and yield ``SourceOpened``, then chunks as they are heard.

        A file ends by itself. A device never does: when it goes away a ``SourceLost`` is yielded
        and the source keeps trying; a ``SourceOpened`` follows when it is heard again, also when
        the system's default device has changed.

        Raises:
            AudioDeviceError: The device cannot be opened the first time.
            InputFileError: The file cannot be read as audio.
            UnsupportedError: This computer cannot capture what is asked for.
        """
        ...

    async def close(self) -> None:
        """Let go of the device or file; ``items`` ends after what was already heard.

        May be called at any time and more than once.
        """
        ...

    @property
    def lost_samples(self) -> int:
        """Samples at 16 kHz that were lost so far, as told by ``lost_before`` of the chunks."""
        ...
