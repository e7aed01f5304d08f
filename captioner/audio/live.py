"""A source that listens to a device and survives what happens to it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from captioner.audio.capture import Capture, CaptureBackend
from captioner.audio.handover import Handover
from captioner.audio.timeline import Timeline
from captioner.core.audio import (
    AudioChunk,
    SourceCondition,
    SourceItem,
    SourceLost,
    SourceOpened,
    ms_to_samples,
)
from captioner.core.backoff import Backoff
from captioner.core.clock import Clock, SystemClock
from captioner.core.errors import AudioDeviceError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LiveTiming:
    """Time limits of a live source, in seconds.

    Attributes:
        watchdog_s: A device that delivers nothing for so long, without a reason, is dead.
        first_sound_s: The same for a device that was only just opened: some take long to wake up.
        quiet_s: A device that is rightly quiet is given so much time to go on by itself before
            silence is filled in for it; the filled-in silence stays so far behind the clock.
        grace_s: A device that is back within this time was not lost, as far as anyone is told.
        retry_s: Longest wait between two tries to open a lost device.
        buffer_s: Audio that is kept for a listener that falls behind.
    """

    watchdog_s: float = 2.0
    first_sound_s: float = 5.0
    quiet_s: float = 0.2
    grace_s: float = 0.3
    retry_s: float = 5.0
    buffer_s: float = 5.0


class LiveSource:
    """Yields the sound of a device; reopens it by itself, and follows the system's default.

    Positions count every sample since the first one: the time during which the device was away
    appears in ``lost_before`` of the chunk that follows. The time in which a device is well but
    delivers nothing, because nothing plays, is silence and not a loss.
    """

    def __init__(
        self,
        backend: CaptureBackend,
        *,
        chunk_ms: int,
        wait_for_device: bool = False,
        timing: LiveTiming | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Prepare; nothing is opened before ``items`` is iterated."""
        self._backend = backend
        self._timeline = Timeline(ms_to_samples(chunk_ms))
        self._patient = wait_for_device
        self._timing = timing or LiveTiming()
        self._clock = clock or SystemClock()
        self._backoff = Backoff(base_s=0.2, cap_s=self._timing.retry_s)
        self._closed = False
        self._changed = asyncio.Event()
        self._handover: Handover | None = None
        self._capture: Capture | None = None
        self._name = ""
        self._lost_since: float | None = None
        self._loss_told = False
        self._lost_samples = 0

    @property
    def lost_samples(self) -> int:
        """Samples at 16 kHz that were lost so far."""
        return self._lost_samples

    async def items(self) -> AsyncGenerator[SourceItem, None]:
        """Yield what is heard until `close`; see `captioner.audio.source.AudioSource`.

        Raises:
            AudioDeviceError: The first try failed, and the source was not told to wait.
            UnsupportedError: This computer cannot capture what is asked for.
        """
        try:
            await self._backend.start(self._wake)
            while not self._closed:
                try:
                    async with contextlib.aclosing(self._hear()) as heard:
                        async for item in heard:
                            if isinstance(item, AudioChunk):
                                self._lost_samples += item.lost_before
                            yield item
                except AudioDeviceError as error:
                    if not (self._name or self._patient):
                        raise
                    report = self._report_loss(error)
                    if report is not None:
                        yield report
                    await self._wait_to_retry()
        finally:
            self._closed = True
            await self._release()
            await self._backend.close()

    async def close(self) -> None:
        """Let go of the device; ``items`` ends after what was already heard."""
        self._closed = True
        await self._release()
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        if self._handover is not None:
            self._handover.wake()

    async def _release(self) -> None:
        capture, self._capture = self._capture, None
        if capture is not None:
            await capture.close()

    async def _hear(self) -> AsyncGenerator[SourceItem, None]:
        """Open the device once and yield what it gives until it dies, changes, or is closed."""
        handover = self._handover = Handover(limit_s=self._timing.buffer_s)
        asked_at = self._clock.now()
        capture = self._capture = await self._backend.open(handover)
        try:
            async with contextlib.aclosing(self._drain(capture, handover, asked_at)) as chunks:
                async for item in chunks:
                    yield item
        except AudioDeviceError as error:
            _log.warning("%s", error.message, exc_info=error)
            for chunk in self._timeline.end():
                yield chunk
            raise
        finally:
            await self._release()
        for chunk in self._timeline.end():
            yield chunk

    async def _drain(
        self, capture: Capture, handover: Handover, asked_at: float
    ) -> AsyncGenerator[SourceItem, None]:
        last_sign = self._clock.now()
        told = SourceCondition()
        while not await self._is_over(capture):
            condition = self._backend.condition(capture)
            if condition != told and self._timeline.begun:
                told = condition
                yield condition
            block = await handover.get(self._timing.quiet_s / 2)
            now = self._clock.now()
            if block is None and handover.failure is not None:
                raise handover.failure
            if block is not None or capture.idle:
                last_sign = now
                quiet_until = now - self._timing.quiet_s
                if not self._timeline.begun:
                    # A server's first estimate of a block's age may reach back to before that.
                    begins = max(asked_at, block.begins(capture.rate)) if block else asked_at
                    self._timeline.begin(capture.rate, capture.channels, begins)
                    yield self._note_opened(capture)
                for chunk in (
                    self._timeline.fill_silence(quiet_until)
                    if block is None
                    else self._timeline.take(block)
                ):
                    yield chunk
            elif now - last_sign > self._patience_s():
                raise AudioDeviceError(
                    f'"{capture.name}" delivers no sound, not even silence.',
                    hint="Unplug it and plug it in again, or choose another device.",
                )
        await self._release()
        while self._timeline.begun and (block := await handover.get(0.0)) is not None:
            for chunk in self._timeline.take(block):
                yield chunk

    def _patience_s(self) -> float:
        begun = self._timeline.begun
        return self._timing.watchdog_s if begun else self._timing.first_sound_s

    async def _is_over(self, capture: Capture) -> bool:
        if self._closed:
            return True
        if not self._changed.is_set():
            return False
        self._changed.clear()
        return await self._backend.is_outdated(capture)

    def _note_opened(self, capture: Capture) -> SourceOpened:
        self._name = capture.name
        self._lost_since = None
        self._loss_told = False
        self._backoff.reset()
        _log.info("listening to the %s %r", capture.kind, capture.name)
        return SourceOpened(kind=capture.kind, name=capture.name)

    def _report_loss(self, error: AudioDeviceError) -> SourceLost | None:
        now = self._clock.now()
        if self._lost_since is None:
            self._lost_since = now
        away = now - self._lost_since
        if self._loss_told or (self._name and away < self._timing.grace_s):
            return None
        self._loss_told = True
        if not self._name:
            return SourceLost(error)
        return SourceLost(
            AudioDeviceError(
                f'"{self._name}" cannot be heard any more. {error.message}',
                hint=f"Captioner goes on as soon as it can. {error.hint}".strip(),
                code=error.code,
            )
        )

    async def _wait_to_retry(self) -> None:
        soon = self._timing.grace_s / 4
        delay = max(soon, self._backoff.next_delay()) if self._loss_told else soon
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(delay):
                await self._changed.wait()
        self._changed.clear()
