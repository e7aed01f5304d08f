"""One channel of a session: from its source through its recogniser to its captions.

Each channel has a source, a recognition stream and a track of captions of its own, so that what
befalls one costs the others nothing. What happens is reported to the session's condition, which
alone judges what it means for the session.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from contextlib import aclosing
from typing import Final

from captioner.asr.events import Connected, Heard, Interrupted, Lost, Parked
from captioner.asr.recogniser import Recogniser
from captioner.asr.replay import LostAudio
from captioner.audio.level import measure_level
from captioner.core.audio import (
    SAMPLE_RATE,
    AudioChunk,
    SourceCondition,
    SourceLost,
    SourceOpened,
    ms_to_samples,
    samples_to_ms,
)
from captioner.core.clock import Clock
from captioner.core.counts import AudioCounts
from captioner.core.errors import CaptionerError, FaultError
from captioner.core.events import CaptionChanged, GapMarked
from captioner.core.segment import Gap
from captioner.riva.options import RecognitionOptions
from captioner.session.axis import ClockAxis
from captioner.session.captions import CaptionTrack
from captioner.session.condition import SessionCondition
from captioner.session.echo import ChannelFilter
from captioner.session.gaps import LossGatherer
from captioner.session.recognition import Endurance
from captioner.session.sources import SourceSwitch
from captioner.session.speech_timer import SpeechTimer
from captioner.settings.models import AudioSettings
from captioner.telemetry.log_lines import tag
from captioner.telemetry.logs import FILE_ONLY

logger = logging.getLogger(__name__)

_TICK_S: Final = 0.2
_SPEECH_DBFS: Final = -45.0
_STOP_WITHOUT_SERVER_S: Final = 1.0
"""Enough for a try or two; a server that is gone does not keep anyone from stopping."""


class ChannelPipeline:
    """One run of one channel, from `start` to its last words.

    Attributes:
        name: "" with one source, else who speaks.
        hears: What the source is.
        heard_until: Session position just after the newest audio, in samples.
        quiet_gap_s: After so long without news an open caption is made final.
        error: Why it ended, unless it was in order.
    """

    def __init__(
        self,
        hears: AudioSettings,
        source: SourceSwitch,
        recogniser: Recogniser,
        track: CaptionTrack,
        condition: SessionCondition,
        *,
        clock: Clock,
        quiet_gap_s: float,
        realtime: bool = True,
        axis: ClockAxis | None = None,
        filter_: ChannelFilter | None = None,
    ) -> None:
        """Prepare; nothing is opened before `start`.

        Args:
            hears: What is heard first.
            source: Gives the audio.
            recogniser: Who recognises it.
            track: Where its captions go; it also gives the channel its name.
            condition: Who is told.
            clock: Time.
            quiet_gap_s: After so long without news an open caption is made final.
            realtime: False waits for the recogniser, for a source that is faster than real time.
            axis: Places audio by the clock, where channels share a scale; None counts samples.
            filter_: What of the recogniser's words become captions; None is all of them.
        """
        self.name = track.channel
        self.hears = hears
        self._source = source
        self._recogniser = recogniser
        self._track = track
        self._condition = condition
        self._clock = clock
        self.quiet_gap_s = quiet_gap_s
        self._realtime = realtime
        self._axis = axis
        self._filter = filter_ or ChannelFilter()
        self._task: asyncio.Task[None] | None = None
        self._stop_limit: asyncio.Timeout | None = None
        self._is_server_away = False
        self.heard_until = 0
        self._losses = LossGatherer(clock)
        self._timer = SpeechTimer()
        self._captured = 0
        self.error: CaptionerError | None = None

    @property
    def lost_samples(self) -> int:
        """Audio that no recogniser heard."""
        return self._losses.lost_samples + (
            self._axis.dropped_samples if self._axis is not None else 0
        )

    @property
    def counts(self) -> AudioCounts:
        """What became of its audio."""
        recogniser = self._recogniser
        is_over = self._task is None or self._task.done()
        return AudioCounts(
            captured=self._captured,
            sent=recogniser.sent_samples,
            processed=recogniser.processed_samples,
            dropped=self.lost_samples,
            waiting=0 if is_over else recogniser.waiting_samples,
        )

    def start(self) -> None:
        """Begin. Returns at once."""
        self._track.new_stream(now=self._clock.now())
        self._condition.channel_added(self.name)
        self._task = asyncio.create_task(self._run(), name=f"caption-channel-{self.name}")

    async def stop(self, limit_s: float) -> None:
        """End in order; returns when the last words are told.

        That takes ``limit_s`` seconds at most, and what the recogniser is behind.
        """
        if self._task is None:
            return
        await self._source.close()
        limit_s += self._recogniser.extra_s
        if self._is_server_away:
            limit_s = _STOP_WITHOUT_SERVER_S
        try:
            async with asyncio.timeout(limit_s) as self._stop_limit:
                await asyncio.wait({self._task})
        except TimeoutError:
            await self.cancel()
        finally:
            self._stop_limit = None

    async def cancel(self) -> None:
        """End at once; what was shown last is made final."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    @property
    def task(self) -> asyncio.Task[None]:
        """Done when it has ended, for whatever reason; `error` tells which."""
        if self._task is None:
            raise RuntimeError("the channel was not started")
        return self._task

    async def switch(self, source: AudioSettings) -> None:
        """Hear something else from now on."""
        self.hears = source
        await self._source.switch(source)

    def renew(self, *, at_once: bool = False) -> None:
        """Have another recognition stream, in the next pause or at once; nothing is lost by it."""
        self._recogniser.renew(at_once=at_once)

    def configure(self, options: RecognitionOptions, endurance: Endurance) -> None:
        """Ask ``options`` of the server from the next pause on, and bear what is to be borne."""
        self._recogniser.endure(**endurance)
        self._recogniser.configure(options)

    def filter_with(self, filter_: ChannelFilter) -> None:
        """Let ``filter_`` decide what becomes captions; what waits for the last one is shown."""
        self._show(self._filter.flush(now=self._clock.now()))
        self._filter = filter_

    async def recover(self, reason: str) -> None:
        """Begin afresh after a time in which nothing ran: device and stream are opened anew.

        What was shown stays, and what was still to be recognised is not passed off as new. A file
        or a pipe has missed nothing: it goes on, with another stream.

        Args:
            reason: What the reader is told about the gap.
        """
        if not self.hears.is_device:
            self._recogniser.renew(at_once=True)
            return
        self._settle(self._track.promote())
        lost = self._recogniser.skip() or LostAudio(self.heard_until, self.heard_until)
        self._losses.lost_samples += lost.end - lost.start
        self._mark_gap(lost, reason)
        await self._source.switch(self.hears)

    async def _run(self) -> None:
        if self.name:
            tag(channel=self.name)
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
            self._filter.silence()
            self._show(self._filter.flush(now=self._clock.now()))
            self._tell(self._track.promote())
            self._mark_gap(self._losses.due(at_end=True))

    async def _pump(self) -> None:
        """Carry audio from the source to the recogniser."""
        async with aclosing(self._source.items()) as items:
            async for item in items:
                match item:
                    case SourceOpened():
                        if self._axis is not None:
                            self._axis.opened()
                        self._condition.source_opened(self.name, item)
                    case SourceLost():
                        self._filter.silence()
                        self._condition.source_lost(self.name, item.error)
                    case SourceCondition():
                        self._condition.source_noted(self.name, item)
                    case AudioChunk():
                        self._take(item)
                        if not self._realtime:
                            await self._recogniser.room()
        self._condition.channel_ended(self.name)
        self._recogniser.finish()

    def _take(self, heard: AudioChunk) -> None:
        self._captured += heard.samples
        level = measure_level(heard.pcm)
        is_loud = level.rms_dbfs > _SPEECH_DBFS
        self._condition.heard(self.name, level)
        chunk = heard if self._axis is None else self._axis.place(heard, is_quiet=not is_loud)
        if chunk is None:
            return
        self.heard_until = chunk.end
        if is_loud:
            self._timer.note_loud(chunk)
        if chunk.lost_before:
            lost = LostAudio(chunk.start - chunk.lost_before, chunk.start)
            self._mark_gap(self._losses.add(lost))
        dropped = self._recogniser.feed(chunk, is_loud=is_loud)
        done_ms = samples_to_ms(self._recogniser.worked_until)
        self._filter.sound(samples_to_ms(chunk.end), is_loud=is_loud, done_ms=done_ms)
        if dropped is not None:
            self._drop(dropped)

    def _drop(self, lost: LostAudio) -> None:
        """Note that the recogniser did not take in what was heard."""
        self._condition.dropped(self.name, (lost.end - lost.start) / SAMPLE_RATE)
        if self._is_server_away:
            # The oldest audio is that of the open caption, and will not be heard again.
            self._keep_shown()
        self._mark_gap(self._losses.add(lost, dropped=True))

    def _mark_gap(self, lost: LostAudio | None, reason: str = "Some audio was lost here.") -> None:
        if lost is not None:
            start_ms, end_ms = samples_to_ms(lost.start), samples_to_ms(lost.end)
            logger.warning("Audio lost from %d ms to %d ms", start_ms, end_ms)
            self._condition.emit(GapMarked(Gap(start_ms, end_ms, reason, self.name)))

    async def _read(self) -> None:
        """Carry what the recogniser says to the listeners."""
        async with aclosing(self._recogniser.events()) as events:
            async for event in events:
                match event:
                    case Connected():
                        self._is_server_away = False
                        self._mark_gap(self._losses.due(at_end=True))
                        self._track.new_stream(now=self._clock.now())
                        self._condition.connected(self.name, event.endpoint)
                    case Interrupted():
                        self._is_server_away = True
                        self._condition.interrupted(self.name, event.error)
                        if not event.replays_all:
                            self._keep_shown()
                        self._hurry_stop()
                    case Parked():
                        self._settle(self._track.promote())
                    case Lost():
                        self._drop(event.audio)
                    case Heard():
                        self._show(self._filter.heard(event, now=self._clock.now()))
        while self._filter.is_waiting:
            await self._clock.sleep(_TICK_S)
            self._show(self._filter.due(now=self._clock.now()))

    def _hurry_stop(self) -> None:
        """Where a stop is under way, give a server that is gone little more time."""
        if self._stop_limit is not None and (end := self._stop_limit.when()) is not None:
            soon = asyncio.get_running_loop().time() + _STOP_WITHOUT_SERVER_S
            self._stop_limit.reschedule(min(end, soon))

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(_TICK_S)
            self._show(self._filter.due(now=self._clock.now()))
            # What an outage costs is told once, when it is over.
            if not self._is_server_away:
                self._mark_gap(self._losses.due())
                # Where the server is quiet, not the speaker, the next stream hears it all again.
                if self._recogniser.is_answered:
                    now = self._clock.now()
                    self._settle(self._track.promote_if_quiet(self.quiet_gap_s, now=now))
            if self._realtime:
                self._condition.lags(self.name, self._recogniser.lag_s)
            self._condition.review()

    def _show(self, heard: Iterable[Heard]) -> None:
        """Make captions of what the recogniser said, and tell of them."""
        now = self._clock.now()
        for each in heard:
            said = each.hypothesis
            change = self._track.heard(said, processing_ms=each.processing_ms, now=now)
            if change is not None:
                processed = ms_to_samples(1000 * said.audio_processed_s)
                self._tell(self._timer.timed(change, processed=processed, now=now))

    def _tell(self, change: CaptionChanged | None) -> None:
        if change is not None:
            self._condition.emit(change)

    def _keep_shown(self) -> None:
        """Make the open caption final with what was shown of it, which is its only record."""
        self._show(self._filter.flush(now=self._clock.now()))
        self._settle(self._track.promote())

    def _settle(self, change: CaptionChanged | None) -> None:
        """Tell of a caption that was made final by us; its audio is not recognised once more."""
        if change is not None:
            self._recogniser.settle(self._track.said, change.segment.end_ms)
            self._condition.emit(change)


def _first(errors: BaseExceptionGroup[CaptionerError]) -> CaptionerError:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if not isinstance(error, CaptionerError):
        raise TypeError("only our own errors are caught here") from error
    return error
