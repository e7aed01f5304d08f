"""Makes the events of a session into what the history keeps."""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from uuid import uuid4

from captioner.core.events import (
    CaptionChanged,
    EngineChanged,
    GapMarked,
    SessionEvent,
    SourceChanged,
    StateChanged,
)
from captioner.core.segment import Gap, Segment
from captioner.core.state import SessionState
from captioner.settings.models import Settings
from captioner.transcript.history.records import Batch, KeptSegment, Run
from captioner.transcript.run_origin import run_origin_ms

_ENDS: Final = frozenset({SessionState.IDLE, SessionState.FAILED})
_NONE_YET: Final = -1


class RunKeeper:
    """Knows the present run. One without a word is not kept.

    The times of a session go on over stops and starts; those of a run begin with it. In private
    mode nothing comes out of here, nor do utterances that began or ended in it.
    """

    def __init__(self, settings: Settings) -> None:
        """Begin before the first run."""
        self._settings = settings
        self._run: Run | None = None
        self._is_kept = False
        self._origin_ms: int | None = None
        self._said_until_ms = 0
        self._sources: dict[str, str] = {}
        self._engines: dict[str, str] = {}
        self._open: dict[str, KeptSegment] = {}
        self._private_until = _NONE_YET

    def apply(self, settings: Settings, now: float) -> Batch:
        """Let other settings hold: private mode at once, the rest from the next run on."""
        was_kept, self._settings = self._settings.history.is_kept, settings
        if was_kept and not settings.history.is_kept:
            return self._end(now)
        return Batch()

    def take(self, event: SessionEvent, now: float) -> Batch:
        """Return what ``event`` has for the history, at the time ``now``."""
        match event:
            case StateChanged(state=SessionState.STARTING):
                ended = self._end(now)
                self._sources, self._engines = {}, {}
                self._begin(now)
                return ended
            case StateChanged(state=state) if state in _ENDS:
                return self._end(now)
            case SourceChanged(name=name):
                self._sources[name] = name
                return self._describe()
            case EngineChanged(name=name):
                self._engines[name] = name
                return self._describe()
            case CaptionChanged(segment=segment):
                return self._keep(segment, now)
            case GapMarked(gap=gap):
                return self._mark(gap)
            case _:
                return Batch()

    def close(self, now: float) -> Batch:
        """Return what ends the present run."""
        return self._end(now)

    def _begin(self, now: float) -> Run:
        recognition = self._settings.recognition
        self._run = Run(
            uuid4().hex, now, None, "", "", recognition.language or "", recognition.model or ""
        )
        self._is_kept, self._origin_ms = False, None
        self._describe()
        return self._run

    def _describe(self) -> Batch:
        if self._run is None:
            return Batch()
        self._run = replace(
            self._run, source=", ".join(self._sources), engine=", ".join(self._engines)
        )
        return Batch(runs={self._run.key: self._run}) if self._is_kept else Batch()

    def _end(self, now: float) -> Batch:
        run, is_kept, opened = self._run, self._is_kept, self._open
        self._run, self._is_kept, self._open = None, False, {}
        if run is None or not is_kept:
            return Batch()
        return Batch(
            runs={run.key: replace(run, ended_at=now)},
            unfinished=dict.fromkeys((run.key, channel) for channel in opened),
        )

    def _keep(self, segment: Segment, now: float) -> Batch:
        self._said_until_ms, said_before_ms = (
            max(self._said_until_ms, segment.end_ms),
            self._said_until_ms,
        )
        if not self._settings.history.is_kept:
            self._private_until = max(self._private_until, segment.id)
        if segment.id <= self._private_until:
            return Batch()
        # A run begins here where private mode ended in the middle of one.
        run = self._run or self._begin(now)
        if self._origin_ms is None:
            age_ms = 1000 * (now - run.started_at)
            self._origin_ms = run_origin_ms(
                segment, said_before_ms=said_before_ms, run_age_ms=age_ms
            )
        return self._news(run, self._placed(segment, now))

    def _news(self, run: Run, spoken: KeptSegment) -> Batch:
        segment, batch = spoken.segment, Batch()
        if not segment.is_final:
            if segment.text:
                self._open[segment.channel] = spoken
                batch.unfinished[run.key, segment.channel] = spoken
        else:
            if self._open.pop(segment.channel, None) is not None:
                batch.unfinished[run.key, segment.channel] = None
            if segment.text:
                batch.finals.append((run.key, spoken))
        if batch:
            self._is_kept = True
            batch.runs[run.key] = run
        return batch

    def _placed(self, segment: Segment, now: float) -> KeptSegment:
        """Count the times of ``segment`` from the beginning of the run, and by the clock."""
        origin = self._origin_ms or 0
        opened = self._open.get(segment.channel)
        if opened is not None and opened.segment.id == segment.id:
            spoken_at = opened.spoken_at
        else:
            spoken_at = now - (segment.processing_ms + segment.end_ms - segment.start_ms) / 1000
        words = tuple(
            replace(word, start_ms=word.start_ms - origin, end_ms=word.end_ms - origin)
            for word in segment.words
        )
        start_ms, end_ms = max(0, segment.start_ms - origin), max(0, segment.end_ms - origin)
        return KeptSegment(
            replace(segment, start_ms=start_ms, end_ms=end_ms, words=words), spoken_at
        )

    def _mark(self, gap: Gap) -> Batch:
        if self._run is None or not self._is_kept:
            return Batch()
        origin = self._origin_ms or 0
        gap = replace(gap, start_ms=gap.start_ms - origin, end_ms=gap.end_ms - origin)
        return Batch(runs={self._run.key: self._run}, gaps=[(self._run.key, gap)])
