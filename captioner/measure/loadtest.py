"""A whole load test: one run, or as many as it takes to find how much a recogniser bears."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from captioner.measure.accuracy import NORMALISER
from captioner.measure.capacity import Outcome, find_capacity
from captioner.measure.limits import Limits
from captioner.measure.load import LoadRun, Watcher
from captioner.measure.machine import this_machine
from captioner.measure.result import Capacity, Kind, Measurement, Plan, Run
from captioner.measure.target import Target
from captioner.measure.track import Recording


class LoadTest:
    """Used once, for a single run or for a search."""

    def __init__(
        self,
        target: Target,
        plan: Plan,
        recordings: Sequence[Recording],
        limits: Limits,
        *,
        watch: Watcher,
        tell: Callable[[Run, bool], None] = lambda _run, _kept: None,
    ) -> None:
        """Prepare.

        Args:
            target: Who recognises.
            plan: How many streams, and how long.
            recordings: What they play.
            limits: What is to be kept.
            watch: Is told how a run goes.
            tell: Is told of each run of a search, and whether it kept the limits.
        """
        self._target = target
        self._plan = plan
        self._recordings = recordings
        self._limits = limits
        self._watch = watch
        self._tell = tell
        self._begun_at = datetime.now(UTC)
        self._run: LoadRun | None = None
        self._runs: list[Run] = []
        self._is_stopped = False

    def stop(self) -> None:
        """End early and politely: what was measured so far is the result."""
        self._is_stopped = True
        if self._run is not None:
            self._run.stop()

    async def once(self) -> Measurement:
        """Make one run.

        Raises:
            CaptionerError: No stream could be used.
        """
        run = await self._play(self._plan.streams)
        return self._measurement(Kind.LOAD, run)

    async def search(self, at_most: int) -> Measurement:
        """Find the largest number of streams that keeps the limits.

        Raises:
            CaptionerError: No stream could be used.
        """
        found = await find_capacity(self._attempt, first=self._plan.streams, at_most=at_most)
        counted = [run for run in self._runs if run.streams == (found.streams or found.fails_at)]
        return self._measurement(Kind.CAPACITY, (counted or self._runs)[-1], found)

    async def _attempt(self, streams: int) -> Outcome:
        run = await self._play(streams)
        if self._is_stopped:
            return Outcome.STOPPED
        kept = self._limits.keeps(run)
        self._tell(run, kept)
        if not run.client.kept_up:
            return Outcome.SPOILED
        return Outcome.KEPT if kept else Outcome.BROKEN

    async def _play(self, streams: int) -> Run:
        plan = self._plan.model_copy(update={"streams": streams})
        self._run = LoadRun(self._target, plan, self._recordings, watch=self._watch)
        if self._is_stopped:
            self._run.stop()
        run = await self._run.run()
        if run.given_up == streams and not self._is_stopped and not run.finals:
            raise self._run.given_up[0]
        self._runs.append(run)
        return run

    def _measurement(
        self, kind: Kind, judged: Run, capacity: Capacity | None = None
    ) -> Measurement:
        return Measurement(
            kind=kind,
            begun_at=self._begun_at,
            machine=this_machine(),
            servers=(self._target.server,),
            plan=self._plan,
            audio=tuple(each.name for each in self._recordings),
            normaliser=NORMALISER,
            runs=tuple(self._runs),
            capacity=capacity,
            checks=self._limits.checks(judged),
            is_complete=not self._is_stopped,
        )
