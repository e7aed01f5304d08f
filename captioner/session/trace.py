"""Where the time of one utterance goes: its audio and its words are timed at each stage.

Nothing of it runs unless a session is made with a trace: the source is wrapped, and the stream has
a tap at the wire. What lies between the two ends of the wire, network and server, is one stage;
only the server could tell them apart.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, TypeVar

from captioner.audio.source import AudioSource
from captioner.core.audio import AudioChunk, SourceItem, ms_to_samples, samples_to_ms
from captioner.core.clock import Clock
from captioner.core.events import CaptionChanged
from captioner.session.sources import SourceOpener
from captioner.settings.models import AudioSettings

STAGES: Final = (
    "captured",
    "resampled",
    "queued",
    "network and server",
    "received and reduced",
    "painted",
)
_KEPT: Final = 3000
_Mark = TypeVar("_Mark", tuple[int, float, float, float], tuple[int, float])


@dataclass(frozen=True, slots=True)
class TracedCaption:
    """One caption, and how long each stage took.

    Attributes:
        segment: Its id.
        is_final: False for the first words of the utterance.
        audio_ms: Where the newest audio that it rests on ends in the session.
        moments: Monotonic seconds: audio heard, given out by the device, resampled and queued,
            sent; words received, reduced, painted.
    """

    segment: int
    is_final: bool
    audio_ms: int
    moments: tuple[float, ...]

    @property
    def stages_ms(self) -> dict[str, float]:
        """How long each stage took."""
        ends = zip(STAGES, self.moments, self.moments[1:], strict=False)
        return {name: 1000 * (after - before) for name, before, after in ends}

    @property
    def total_ms(self) -> float:
        """From the newest audio, as it was heard, to the caption."""
        return 1000 * (self.moments[-1] - self.moments[0])


class LatencyTrace:
    """Times a session with one source, as a tap of its stream and a listener of its events.

    Attributes:
        streams: How many streams began; positions are comparable within the first one.
        lost: Whether audio was lost, after which positions of stream and session differ.
    """

    def __init__(self, clock: Clock) -> None:
        """Begin with nothing heard."""
        self._clock = clock
        self._heard: deque[tuple[int, float, float, float]] = deque(maxlen=_KEPT)
        self._sent: deque[tuple[int, float]] = deque(maxlen=_KEPT)
        self._answered = (0, 0.0)
        self._reduced: dict[tuple[int, int], tuple[int, tuple[float, ...]]] = {}
        self._begun: set[int] = set()
        self.streams = 0
        self.lost = False

    def wrapped(self, opener: SourceOpener) -> SourceOpener:
        """Return ``opener`` with its sources timed."""
        return lambda audio: self._wrap(opener, audio)

    def _wrap(self, opener: SourceOpener, audio: AudioSettings) -> AudioSource:
        return _TimedSource(opener(audio), self)

    def queued(self, chunk: AudioChunk) -> None:
        """Note that ``chunk`` goes to the recogniser's buffer now."""
        self.lost = self.lost or bool(chunk.lost_before)
        heard = chunk.captured_at
        # The clock of a device is not quite ours, and a file delivers when it is read.
        delivered = max(heard, chunk.delivered_at)
        self._heard.append((chunk.end, heard, delivered, self._clock.now()))

    def opened(self) -> None:
        """Note that a stream begins."""
        self.streams += 1

    def sent(self, end: int) -> None:
        """Note that audio up to ``end`` goes out now."""
        self._sent.append((end, self._clock.now()))

    def answered(self, processed_s: float) -> None:
        """Note a response; one that does not say how far it is rests on the newest audio sent."""
        newest = self._sent[-1][0] if self._sent else 0
        processed = ms_to_samples(1000 * processed_s) or newest
        self._answered = (min(processed, newest), self._clock.now())

    def reduced(self, event: CaptionChanged) -> None:
        """Note that a caption was made: the first words of an utterance, or its final."""
        segment = event.segment
        is_first = segment.id not in self._begun and bool(event.shown)
        if not event.told_at or not (segment.is_final or is_first):
            return
        self._begun.add(segment.id)
        processed, received = self._answered
        heard = _at(self._heard, processed)
        sent = _at(self._sent, processed)
        if heard is not None and sent is not None:
            moments = (*heard[1:], sent[1], received, self._clock.now())
            self._reduced[segment.id, segment.revision] = (processed, moments)

    def painted(self, event: CaptionChanged) -> TracedCaption | None:
        """Return how long ``event`` took, which is before the reader now; None where not timed.

        May be called by any thread, once `reduced` was told of the event.
        """
        segment = event.segment
        timed = self._reduced.pop((segment.id, segment.revision), None)
        if timed is None:
            return None
        processed, moments = timed
        now = self._clock.now()
        return TracedCaption(
            segment.id, segment.is_final, samples_to_ms(processed), (*moments, now)
        )


def _at(marks: deque[_Mark], position: int) -> _Mark | None:
    index = bisect_left(marks, position, key=lambda mark: mark[0])
    return marks[index] if index < len(marks) else None


class _TimedSource:
    """Tells a trace of each chunk."""

    def __init__(self, source: AudioSource, trace: LatencyTrace) -> None:
        self._source = source
        self._trace = trace

    async def items(self) -> AsyncGenerator[SourceItem, None]:
        async with aclosing(self._source.items()) as items:
            async for item in items:
                if isinstance(item, AudioChunk):
                    self._trace.queued(item)
                yield item

    async def close(self) -> None:
        await self._source.close()

    @property
    def lost_samples(self) -> int:
        return self._source.lost_samples
