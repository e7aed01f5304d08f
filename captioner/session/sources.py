"""One unbroken run of audio out of sources that may be exchanged while it goes on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import TypeAlias

from captioner.audio.source import AudioSource
from captioner.core.audio import AudioChunk, SourceItem
from captioner.settings.models import AudioSettings

SourceOpener: TypeAlias = Callable[[AudioSettings], AudioSource]


class SourceSwitch:
    """Yields the items of the wanted source; positions go on where the last source ended."""

    def __init__(self, opener: SourceOpener, wanted: AudioSettings, *, start: int = 0) -> None:
        """Prepare; nothing is opened before `items` is iterated.

        Args:
            opener: Makes a source.
            wanted: The source to begin with.
            start: Session position of the first sample.
        """
        self._opener = opener
        self._wanted = wanted
        self._source: AudioSource | None = None
        self._closed = False
        self._switched = False
        self._end = start

    async def items(self) -> AsyncGenerator[SourceItem, None]:
        """Yield until the source ends by itself or `close` is called.

        Raises:
            CaptionerError: The source cannot be opened or read.
        """
        while not self._closed:
            self._switched = False
            base = self._end
            source = self._source = self._opener(self._wanted)
            try:
                async with aclosing(source.items()) as items:
                    async for item in items:
                        if isinstance(item, AudioChunk):
                            moved = replace(item, start=item.start + base)
                            self._end = moved.end
                            yield moved
                        else:
                            yield item
            finally:
                await source.close()
            if not self._switched:
                return

    async def switch(self, wanted: AudioSettings) -> None:
        """Go on with another source as soon as the present one has given its last chunk."""
        self._wanted = wanted
        self._switched = True
        if self._source is not None:
            await self._source.close()

    async def close(self) -> None:
        """End the audio; `items` ends after the last chunk."""
        self._closed = True
        if self._source is not None:
            await self._source.close()
