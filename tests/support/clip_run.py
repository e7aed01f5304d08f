"""Captions of a recorded clip through a real session, with faults at moments of the clip."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from captioner.audio.factory import open_source
from captioner.audio.source import AudioSource
from captioner.core.audio import SAMPLE_RATE, AudioChunk, SourceItem
from captioner.core.events import CaptionChanged, GapMarked, SessionEvent
from captioner.core.segment import Gap, Segment
from captioner.session.controller import CaptionSession
from captioner.session.embedded import EmbeddedEngine
from captioner.settings.models import AudioSettings, Settings
from tests.support.clips import Clip, word_error_rate

ClipFaults = Mapping[float, Callable[[], Awaitable[None]]]
"""What happens once so many seconds of the clip have been read."""


@dataclass
class ClipOutcome:
    """What came of a clip.

    Attributes:
        clip: What was played.
        finals: The final segments.
        partials: How many partials came.
        gaps: Where audio was lost.
    """

    clip: Clip
    finals: list[Segment] = field(default_factory=list)
    partials: int = 0
    gaps: list[Gap] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All finals."""
        return " ".join(segment.text for segment in self.finals)

    @property
    def error_rate(self) -> float:
        """Word error rate of the finals."""
        return word_error_rate(self.clip.text, self.text)

    def note(self, event: SessionEvent) -> None:
        """Take in what the session tells."""
        if isinstance(event, GapMarked):
            self.gaps.append(event.gap)
        if isinstance(event, CaptionChanged):
            if event.segment.is_final:
                self.finals.append(event.segment)
            else:
                self.partials += 1


class _Interrupted:
    """A source that lets faults happen between two chunks."""

    def __init__(self, source: AudioSource, faults: ClipFaults) -> None:
        self._source = source
        self._faults = sorted(faults.items())

    async def items(self) -> AsyncGenerator[SourceItem, None]:
        async for item in self._source.items():
            if isinstance(item, AudioChunk):
                while self._faults and item.start >= self._faults[0][0] * SAMPLE_RATE:
                    await self._faults.pop(0)[1]()
            yield item

    async def close(self) -> None:
        await self._source.close()

    @property
    def lost_samples(self) -> int:
        return self._source.lost_samples


async def caption_clip(
    clip: Clip,
    settings: Settings,
    faults: ClipFaults | None = None,
    *,
    engine: EmbeddedEngine | None = None,
    realtime: bool = False,
    limit_s: float = 100.0,
) -> ClipOutcome:
    """Caption a clip and return what came of it.

    Args:
        clip: What is played.
        settings: Who recognises; the source that they name is left aside.
        faults: What happens on the way.
        engine: The embedded engine, where the settings name no server.
        realtime: False plays it as fast as it is recognised.
        limit_s: How long all of it may take.
    """
    outcome = ClipOutcome(clip)
    audio = AudioSettings(source=f"file:{clip.path}")

    def opener(_wanted: AudioSettings) -> AudioSource:
        return _Interrupted(open_source(audio, realtime=realtime), faults or {})

    session = CaptionSession(
        settings.model_copy(update={"audio": audio}),
        realtime=realtime,
        patient=True,
        opener=opener,
        engine=engine,
    )
    session.subscribe(outcome.note)
    await session.start()
    try:
        async with asyncio.timeout(limit_s):
            await session.wait()
    finally:
        await session.close()
    return outcome
