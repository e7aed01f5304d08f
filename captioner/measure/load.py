"""Many streams in real time to one recogniser, on one loop: one run of a load test."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from captioner.core.clock import Clock, SystemClock
from captioner.core.errors import CaptionerError
from captioner.measure.result import Moment, Plan, Run
from captioner.measure.statistics import percentile
from captioner.measure.stream import MeasuredStream
from captioner.measure.tally import Tally
from captioner.measure.target import Target
from captioner.measure.track import Recording, Track

_LEAD_S: Final = 0.2
_LOOK_S: Final = 0.5
_SHOWN: Final = 500
_LAST_WORDS_S: Final = 15.0
_LATE: Final = "LAST_WORDS_LATE"
_MOST_MOMENTS: Final = 60
_SPREAD: Final = 0.618034
"""Golden ratio: however many streams there are, their chunks are spread evenly."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How a run is, a few times a second.

    Attributes:
        streams: Streams that it has in the end.
        open: Streams that stand.
        elapsed_s: Since its beginning.
        whole_s: How long it takes.
        chunk_p95_ms: Of the newest answers.
        final_p95_ms: Of the newest finals.
        late_p99_ms: How late the newest chunks went out.
        lag_s: The most that a recogniser is behind.
        errors: Streams that broke so far.
    """

    streams: int
    open: int
    elapsed_s: float
    whole_s: float
    chunk_p95_ms: float | None
    final_p95_ms: float | None
    late_p99_ms: float | None
    lag_s: float
    errors: int


Watcher: TypeAlias = Callable[[Progress], None]


class LoadRun:
    """One run, used once."""

    def __init__(
        self,
        target: Target,
        plan: Plan,
        recordings: Sequence[Recording],
        *,
        watch: Watcher = lambda _: None,
        clock: Clock | None = None,
    ) -> None:
        """Prepare.

        Args:
            target: Who recognises.
            plan: How many streams, and how long.
            recordings: What they play, each beginning with another one.
            watch: Is told how it goes.
            clock: Time.
        """
        self._target = target
        self._plan = plan
        self._recordings = recordings
        self._watch = watch
        self._clock = clock or SystemClock()
        self._tally = Tally()
        self._stop = asyncio.Event()
        self._begun_at = self._measured_from = self._ended_at = 0.0

    def stop(self) -> None:
        """End early and politely: what was measured so far is the result."""
        self._stop.set()

    @property
    def given_up(self) -> Sequence[CaptionerError]:
        """Why streams ended before their time."""
        return self._tally.given_up

    async def run(self) -> Run:
        """Play, and return what was measured while all streams were open."""
        plan, clock = self._plan, self._clock
        self._begun_at = clock.now() + _LEAD_S
        self._measured_from = self._begun_at + plan.ramp_s
        streams = [self._stream(number) for number in range(plan.streams)]
        over = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            playing = {
                group.create_task(stream.play(self._due(number), over), name=f"stream-{number}")
                for number, stream in enumerate(streams)
            }
            await self._look_until(self._measured_from, streams)
            used_s, since = time.process_time(), clock.now()
            await self._look_until(self._measured_from + plan.duration_s, streams)
            self._ended_at = clock.now()
            used_s = time.process_time() - used_s
            over.set()
            await self._end(playing)
        return await asyncio.to_thread(self._result, used_s / max(1e-9, self._ended_at - since))

    async def _end(self, playing: set[asyncio.Task[None]]) -> None:
        """Wait for the last words; a recogniser that is far behind may owe minutes of them."""
        _, owed = await asyncio.wait(playing, timeout=_LAST_WORDS_S)
        for task in owed:
            task.cancel()
            self._tally.errors[_LATE] += 1
            self._tally.broken.add(self._ended_at, 1)

    def _stream(self, number: int) -> MeasuredStream:
        track = Track(self._recordings, number)
        return MeasuredStream(self._target, track, self._tally, self._clock)

    def _due(self, number: int) -> float:
        share = self._plan.ramp_s * number / self._plan.streams
        phase = (number * _SPREAD % 1) * self._plan.chunk_ms / 1000
        return self._begun_at + share + phase

    async def _look_until(self, end: float, streams: Sequence[MeasuredStream]) -> None:
        while (left_s := end - self._clock.now()) > 0 and not self._stop.is_set():
            waiting = asyncio.create_task(self._stop.wait(), name="load-stop")
            await asyncio.wait({waiting}, timeout=min(left_s, _LOOK_S))
            waiting.cancel()
            self._look(streams)
            if len(self._tally.given_up) == len(streams):
                return

    def _look(self, streams: Sequence[MeasuredStream]) -> None:
        tally, now = self._tally, self._clock.now()
        most = 0.0
        tally.open_streams.add(now, tally.open)
        for stream in streams:
            lag_s = stream.lag_s
            tally.lag_s.add(now, lag_s)
            most = max(most, lag_s)
        self._watch(
            Progress(
                streams=len(streams),
                open=tally.open,
                elapsed_s=now - self._begun_at,
                whole_s=self._plan.ramp_s + self._plan.duration_s,
                chunk_p95_ms=percentile(tally.chunk.samples.newest(_SHOWN), 95),
                final_p95_ms=percentile(tally.final_ms.newest(_SHOWN), 95),
                late_p99_ms=percentile(tally.late_ms.newest(_SHOWN), 99),
                lag_s=most,
                errors=len(tally.broken),
            )
        )

    def _result(self, processor: float) -> Run:
        # What was stopped while streams were still being opened is told as far as it came.
        has_ramped = self._measured_from < self._ended_at
        return self._tally.run(
            server=self._target.endpoint.title,
            audio=", ".join(each.name for each in self._recordings),
            streams=self._plan.streams,
            span=(self._measured_from if has_ramped else self._begun_at, self._ended_at),
            processor=processor,
            timeline=tuple(self._moments()),
        )

    def _moments(self) -> Iterator[Moment]:
        """Yield the run in stretches of a second or more, those still opening streams included."""
        tally, whole_s = self._tally, self._ended_at - self._begun_at
        step_s = max(1.0, whole_s / _MOST_MOMENTS)
        for number in range(1, int(whole_s / step_s) + 1):
            until = self._begun_at + number * step_s
            stretch = until - step_s, until
            yield Moment(
                at_s=round(number * step_s, 3),
                streams=int(max(tally.open_streams.between(*stretch), default=0)),
                chunk_p95_ms=percentile(tally.chunk.samples.between(*stretch), 95),
                final_p95_ms=percentile(tally.final_ms.between(*stretch), 95),
                errors=len(tally.broken.between(*stretch)),
            )
