"""One recording of a client: a session of its own, from the first audio to the last words."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

from captioner.bridge.contract import RecordingStartedEvent, RecordingStoppedEvent
from captioner.bridge.sent_audio import SentAudio
from captioner.bridge.teller import Teller
from captioner.core.audio import SAMPLE_RATE
from captioner.core.clock import SystemClock
from captioner.core.errors import CaptionerError
from captioner.core.events import (
    CaptionChanged,
    EngineChanged,
    GapMarked,
    HealthChanged,
    SessionEvent,
    StateChanged,
)
from captioner.core.health import HealthState
from captioner.core.state import SessionState
from captioner.session.controller import CaptionSession
from captioner.session.embedded import EmbeddedEngine
from captioner.settings.models import AudioSettings, Settings
from captioner.telemetry.metrics import Metrics
from captioner.transcript.contract import timestamp

_SENT: Final = AudioSettings(source="-")
"""No device of this computer: what a client sends is not opened once more."""


class Recording:
    """Begins with `start`; is over when `stop` returns or `is_over` says so.

    Attributes:
        is_waiting: Whether no recogniser can be reached.
    """

    def __init__(
        self,
        settings: Settings,
        engine: EmbeddedEngine,
        client: str,
        teller: Teller,
        metrics: Metrics,
        *,
        first_id: int,
    ) -> None:
        """Prepare; ``first_id`` is the segment that it begins with."""
        clock = SystemClock()
        self._source = SentAudio(client, clock=clock)
        self._session = CaptionSession(
            settings.model_copy(update={"audio": _SENT}),
            patient=True,
            opener=lambda _: self._source,
            engine=engine,
            clock=clock,
        )
        self._session.subscribe(self._take)
        self._teller = teller
        self._metrics = metrics
        self._first_id = first_id
        self._finals: list[str] = []
        self.is_waiting = False
        self._task: asyncio.Task[None] | None = None

    @property
    def is_over(self) -> bool:
        """Whether it has ended, by a stop or by itself."""
        return self._task is not None and self._task.done()

    @property
    def next_id(self) -> int:
        """The segment that the next recording begins with."""
        return self._first_id + len(self._finals)

    async def start(self) -> None:
        """Begin. Returns at once."""
        self._metrics.bridge.recordings.inc()
        self._teller.tell(RecordingStartedEvent(timestamp=timestamp()))
        await self._session.start()
        self._task = asyncio.create_task(self._run(), name="bridge-recording")

    def hear(self, pcm: bytes) -> None:
        """Take in audio."""
        self._source.put(pcm)

    async def apply(self, settings: Settings) -> None:
        """Ask for something else from the next pause in speech on."""
        await self._session.apply(settings.model_copy(update={"audio": _SENT}))

    async def stop(self) -> None:
        """End in order; returns when the last words are told."""
        await self._session.stop()
        if self._task is not None:
            await asyncio.wait({self._task})

    async def _run(self) -> None:
        let_go = self._metrics.sessions.follow(self._session)
        try:
            await self._session.wait()
        except CaptionerError as error:
            self._metrics.bridge.failed.inc()
            self._teller.tell_failure(error)
        finally:
            self._wait(waits=False)
            let_go()
            self._metrics.bridge.recordings.dec()
            self._teller.tell(
                RecordingStoppedEvent(
                    final_transcript=" ".join(self._finals),
                    total_duration=round(self._source.samples / SAMPLE_RATE, 3),
                    total_segments=len(self._finals),
                    timestamp=timestamp(),
                )
            )

    def _take(self, event: SessionEvent) -> None:
        match event:
            case CaptionChanged(segment=segment, shown=shown):
                if segment.is_final:
                    self._finals.append(segment.text)
                here = replace(segment, id=self._first_id + segment.id)
                self._teller.tell_caption(here, shown)
            case GapMarked(gap=gap):
                self._teller.tell_gap(gap)
            case HealthChanged(health=health):
                if health.state is HealthState.RECONNECTING:
                    self._teller.tell_trouble(health)
            case StateChanged(state=state):
                self._wait(waits=state is SessionState.RECONNECTING)
            case EngineChanged(is_mock=True):
                self._teller.refuse("Nothing is recognised: a script gives the words.", "MOCK")
            case _:
                pass

    def _wait(self, *, waits: bool) -> None:
        if waits != self.is_waiting:
            self.is_waiting = waits
            self._metrics.bridge.waiting.inc(1 if waits else -1)
