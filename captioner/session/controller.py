"""The caption session: the only owner of its state, and what front ends talk to.

Everything here runs on one asyncio loop. Audio goes from the source into the recogniser's buffer,
hypotheses come back, become segments and go to the listeners. A stop is ordered: the source is
closed, what it still holds is sent, the recogniser gives its last words, an unfinished caption is
made final, and only then is the session idle.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from typing import Final

from captioner.asr.recogniser import Connected, Heard, Interrupted, Lost, Recogniser
from captioner.asr.replay import LostAudio
from captioner.asr.stream import StreamLimits
from captioner.audio.factory import open_source
from captioner.audio.level import measure_level
from captioner.core.audio import AudioChunk, SourceLost, SourceOpened, samples_to_ms
from captioner.core.backoff import Backoff
from captioner.core.clock import Clock, SystemClock
from captioner.core.errors import CaptionerError, FaultError
from captioner.core.events import CaptionChanged, GapMarked
from captioner.core.health import Health
from captioner.core.segment import Gap
from captioner.core.state import SessionState
from captioner.riva.options import RecognitionOptions
from captioner.session.captions import CaptionTrack
from captioner.session.condition import Listener, SessionCondition
from captioner.session.embedded import EmbeddedEngine
from captioner.session.endpoints import EndpointChoice
from captioner.session.engine_process import EngineProcess
from captioner.session.sources import SourceOpener, SourceSwitch
from captioner.settings.models import AudioSettings, Settings
from captioner.telemetry.logs import FILE_ONLY
from captioner.transcript.reducer import TranscriptReducer

logger = logging.getLogger(__name__)

_TICK_S: Final = 0.2
_SPEECH_DBFS: Final = -45.0
_MARKED_GAP_MS: Final = 200
_STOP_MARGIN_S: Final = 2.0
_STOP_WITHOUT_SERVER_S: Final = 1.0
"""Enough for a try or two; a server that is gone does not keep anyone from stopping."""
_COMMAND_RETRIES: Final = 5


class CaptionSession:
    """One run of captions, which can be started and stopped many times."""

    def __init__(
        self,
        settings: Settings,
        *,
        realtime: bool = True,
        patient: bool = False,
        opener: SourceOpener | None = None,
        engine: EmbeddedEngine | None = None,
        started: EngineProcess | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Prepare a session; nothing is opened before `start`.

        Args:
            settings: A snapshot; a change of settings makes another session.
            realtime: False reads a file as fast as the recogniser can follow.
            patient: True keeps trying for a device or a server that is not there, as a window
                does; False gives up after a while, as a command does.
            opener: Makes the audio source; tests pass their own.
            engine: An embedded engine that several sessions share, closed by its owner; None makes
                one that this session owns.
            started: A process of the engine that was started ahead of time, for this session's own.
            clock: Time; tests pass their own.
        """
        self._settings = settings
        self._realtime = realtime
        self._patient = patient
        self._clock = clock or SystemClock()
        self._audio = settings.audio
        self._opener = opener or (
            lambda audio: open_source(audio, realtime=realtime, wait_for_device=patient)
        )
        self._owns_engine = engine is None
        self._engine = engine or EmbeddedEngine(settings.engine, started=started)
        self._task: asyncio.Task[None] | None = None
        self._stop_limit: asyncio.Timeout | None = None
        self._condition = SessionCondition(self._clock)
        self._reducer = TranscriptReducer()
        self._track = CaptionTrack(self._reducer, settings.captions.stability)
        self._lost_samples = 0
        self._heard_until = 0
        self.error: CaptionerError | None = None

    @property
    def state(self) -> SessionState:
        """Where the session stands."""
        return self._condition.state

    @property
    def health(self) -> Health:
        """Why there are, or are not, captions right now."""
        return self._condition.health

    @property
    def track(self) -> CaptionTrack:
        """The captions of this session, with their measures."""
        return self._track

    @property
    def engine(self) -> EmbeddedEngine:
        """The embedded engine, running or not."""
        return self._engine

    @property
    def lost_ms(self) -> int:
        """Audio of this run that no recogniser heard, in milliseconds."""
        return samples_to_ms(self._lost_samples)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with every event from now on, in order, on the loop's thread.

        Returns:
            A function that ends the subscription.
        """
        return self._condition.subscribe(listener)

    async def start(self) -> None:
        """Begin captioning. Returns at once; events and `wait` tell how it goes."""
        if self._task is not None and not self._task.done():
            return
        self.error = None
        self._track.new_stream()
        self._lost_samples = 0
        self._condition.begin()
        self._switch = SourceSwitch(self._opener, self._audio, start=self._heard_until)
        server = self._settings.server
        self._recogniser = Recogniser(
            EndpointChoice(self._settings, self._engine).endpoint,
            RecognitionOptions(
                language=server.language,
                model=server.model,
                punctuation=server.punctuation,
                word_times=server.word_times,
            ),
            limits=StreamLimits(
                connect_s=server.connect_timeout_s,
                response_s=server.response_timeout_s,
                drain_s=server.drain_timeout_s,
            ),
            backoff=Backoff(base_s=server.retry_delay_s),
            max_retries=server.max_retries or (0 if self._patient else _COMMAND_RETRIES),
            clock=self._clock,
        )
        self._task = asyncio.create_task(self._run(), name="caption-session")

    async def stop(self) -> None:
        """End in order; the last words are kept. Returns when the session is idle."""
        if self._task is None or self._task.done():
            if self.state is SessionState.FAILED:
                self._condition.go(SessionState.IDLE)
            return
        self._condition.go(SessionState.STOPPING)
        await self._switch.close()
        limit_s = self._settings.server.drain_timeout_s + _STOP_MARGIN_S
        if self._condition.is_server_away:
            limit_s = _STOP_WITHOUT_SERVER_S
        try:
            async with asyncio.timeout(limit_s) as self._stop_limit:
                await asyncio.wait({self._task})
        except TimeoutError:
            self._task.cancel()
            await asyncio.wait({self._task})
        finally:
            self._stop_limit = None

    async def close(self) -> None:
        """Stop, and end the embedded engine if it is this session's own."""
        await self.stop()
        if self._owns_engine:
            await self._engine.close()

    async def wait(self) -> None:
        """Wait until the session has ended by itself or by `stop`.

        Raises:
            CaptionerError: It ended because of this.
        """
        if self._task is not None:
            await asyncio.wait({self._task})
        if self.error is not None:
            raise self.error

    async def set_source(self, source: str, device: str | None = None) -> None:
        """Hear something else from now on; what was said before is kept.

        Args:
            source: As in `AudioSettings.source`.
            device: Name of the output or microphone; None follows the system's default.
        """
        self._audio = AudioSettings(
            source=source, device=device, chunk_ms=self._settings.audio.chunk_ms
        )
        if self._task is not None and not self._task.done():
            await self._switch.switch(self._audio)

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                ticker = group.create_task(self._tick(), name="session-tick")
                group.create_task(self._pump(), name="session-audio")
                reader = group.create_task(self._read(), name="session-captions")
                await asyncio.wait({reader})
                ticker.cancel()
        except* CaptionerError as errors:
            self.error = _first(errors)
        except* Exception as errors:
            logger.critical("A fault ended the captions", exc_info=errors, extra=FILE_ONLY)
            self.error = FaultError(
                "Captioner met a fault of its own, and captions have stopped.",
                hint="Start them again; the log has the details.",
            )
        finally:
            self._tell(self._track.promote())
            if self.error is None:
                self._condition.go(SessionState.STOPPING)
                self._condition.go(SessionState.IDLE)
            else:
                self._condition.fail(self.error)

    async def _pump(self) -> None:
        """Carry audio from the source to the recogniser."""
        async with aclosing(self._switch.items()) as items:
            async for item in items:
                match item:
                    case SourceOpened():
                        self._condition.source_opened(item)
                    case SourceLost():
                        self._condition.source_lost(item.error)
                    case AudioChunk():
                        self._take(item)
                        if not self._realtime:
                            await self._recogniser.room()
        self._condition.go(SessionState.STOPPING)
        self._recogniser.finish()

    def _take(self, chunk: AudioChunk) -> None:
        self._heard_until = chunk.end
        level = measure_level(chunk.pcm)
        self._condition.heard(level)
        if chunk.lost_before:
            self._mark_gap(LostAudio(chunk.start - chunk.lost_before, chunk.start))
        lost = self._recogniser.feed(chunk, is_loud=level.rms_dbfs > _SPEECH_DBFS)
        if lost is not None:
            self._mark_gap(lost)

    def _mark_gap(self, lost: LostAudio) -> None:
        self._lost_samples += lost.end - lost.start
        start_ms, end_ms = samples_to_ms(lost.start), samples_to_ms(lost.end)
        if end_ms - start_ms >= _MARKED_GAP_MS:
            logger.warning("Audio lost: %d ms at %d ms", end_ms - start_ms, start_ms)
            self._condition.emit(GapMarked(Gap(start_ms, end_ms, "Some audio was lost here.")))

    async def _read(self) -> None:
        """Carry what the recogniser says to the listeners."""
        async with aclosing(self._recogniser.events()) as events:
            async for event in events:
                match event:
                    case Connected():
                        self._track.new_stream()
                        self._condition.connected(event.endpoint)
                    case Interrupted():
                        self._condition.interrupted(event.error)
                        if not event.replays_all:
                            self._settle(self._track.promote())
                        self._hurry_stop()
                    case Lost():
                        self._mark_gap(event.audio)
                    case Heard():
                        self._tell(
                            self._track.heard(
                                event.hypothesis,
                                processing_ms=event.processing_ms,
                                now=self._clock.now(),
                            )
                        )

    def _hurry_stop(self) -> None:
        """Where a stop is under way, give a server that is gone little more time."""
        if self._stop_limit is not None and (end := self._stop_limit.when()) is not None:
            soon = asyncio.get_running_loop().time() + _STOP_WITHOUT_SERVER_S
            self._stop_limit.reschedule(min(end, soon))

    async def _tick(self) -> None:
        quiet_gap_s = self._settings.captions.quiet_gap_s
        while True:
            await self._clock.sleep(_TICK_S)
            self._settle(self._track.promote_if_quiet(quiet_gap_s, now=self._clock.now()))
            self._condition.review(lag_s=self._recogniser.lag_s if self._realtime else None)

    def _tell(self, change: CaptionChanged | None) -> None:
        if change is not None:
            self._condition.emit(change)

    def _settle(self, change: CaptionChanged | None) -> None:
        """Tell of a caption that was made final by us; its audio is not recognised once more."""
        if change is not None:
            self._recogniser.cover(change.segment.end_ms)
            self._condition.emit(change)


def _first(errors: BaseExceptionGroup[CaptionerError]) -> CaptionerError:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if not isinstance(error, CaptionerError):
        raise TypeError("only our own errors are caught here") from error
    return error
