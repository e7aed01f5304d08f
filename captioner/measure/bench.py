"""Recordings through one or two recognisers, one at a time: how accurate, how fast, how steady."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, TypeAlias

from captioner.core.audio import SAMPLE_RATE
from captioner.core.clock import SystemClock
from captioner.measure.accuracy import NORMALISER
from captioner.measure.limits import Limits
from captioner.measure.machine import this_machine
from captioner.measure.result import Check, Kind, Measurement, Plan, Run
from captioner.measure.stream import MeasuredStream
from captioner.measure.tally import Tally
from captioner.measure.target import Target
from captioner.measure.track import Recording, Track

Watcher: TypeAlias = Callable[[str, float], None]
"""Is told what is done, and how much of all has been played, in seconds."""

_LOOK_S: Final = 0.5


class Bench:
    """Used once."""

    def __init__(
        self,
        targets: Sequence[Target],
        recordings: Sequence[Recording],
        limits: Limits,
        *,
        paces: Sequence[bool],
        chunk_ms: int,
        watch: Watcher = lambda _what, _done_s: None,
    ) -> None:
        """Prepare.

        Args:
            targets: Who recognises; they take turns, so that what else this computer does befalls
                all of them alike.
            recordings: What is played.
            limits: What each of them is to keep, over all recordings.
            paces: Whether each pass is in real time, or at full speed.
            chunk_ms: Length of the chunks that are sent.
            watch: Is told how it goes.
        """
        self._targets = targets
        self._recordings = recordings
        self._limits = limits
        self._paces = paces
        self._chunk_ms = chunk_ms
        self._watch = watch
        self._runs: list[Run] = []
        self._stop = asyncio.Event()
        self._done_s = 0.0

    def stop(self) -> None:
        """End early and politely: what was measured so far is the result."""
        self._stop.set()

    async def measure(self) -> Measurement:
        """Play everything.

        Raises:
            CaptionerError: A recording could not be recognised at all.
        """
        begun_at = datetime.now(UTC)
        for recording in self._recordings:
            for realtime in self._paces:
                for target in self._targets:
                    if not self._stop.is_set():
                        await self._play(recording, target, realtime=realtime)
        return Measurement(
            kind=Kind.BENCH,
            begun_at=begun_at,
            machine=this_machine(),
            servers=tuple(target.server for target in self._targets),
            plan=Plan(streams=1, duration_s=0, ramp_s=0, chunk_ms=self._chunk_ms),
            audio=tuple(each.name for each in self._recordings),
            normaliser=NORMALISER,
            runs=tuple(self._runs),
            checks=tuple(self._checks()),
            is_complete=not self._stop.is_set(),
        )

    async def _play(self, recording: Recording, target: Target, *, realtime: bool) -> None:
        clock, tally = SystemClock(), Tally()
        track = Track([recording], is_endless=False)
        stream = MeasuredStream(target, track, tally, clock, realtime=realtime)
        begun, used_s = clock.now(), time.process_time()
        playing = asyncio.create_task(stream.play(begun, self._stop), name="bench-stream")
        try:
            while not playing.done():
                what = f"{target.endpoint.title}: {recording.name}"
                self._watch(what, self._done_s + track.position / SAMPLE_RATE)
                await asyncio.wait({playing}, timeout=_LOOK_S)
                tally.lag_s.add(clock.now(), stream.lag_s)
        finally:
            playing.cancel()
            await asyncio.wait({playing})
        playing.result()
        if tally.given_up and not tally.finals:
            raise tally.given_up[0]
        ended = clock.now()
        self._done_s += recording.seconds
        self._runs.append(
            await asyncio.to_thread(
                tally.run,
                server=target.endpoint.title,
                audio=recording.name,
                streams=1,
                span=(begun, ended),
                processor=(time.process_time() - used_s) / max(1e-9, ended - begun),
                realtime=realtime,
            )
        )

    def _checks(self) -> Iterator[Check]:
        for target in self._targets:
            name = target.endpoint.title
            runs = [run for run in self._runs if run.server == name]
            for check in self._limits.checks_over(runs):
                yield check.model_copy(update={"what": f"{name}: {check.what}"})
