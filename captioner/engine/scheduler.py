"""Decoding work of all streams, shared fairly among a few worker threads.

Each stream has a lane. Lanes with work take turns. A lane offers its oldest final first; its
partial only when no final waits, and only the newest one: an older one is forgotten. So a stream
that is fed a whole file at once delays another stream's caption by one decode, not by the file.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from captioner.core.errors import CaptionerError, EngineError
from captioner.engine.native import Decoder
from captioner.telemetry.log_lines import current_tags, with_fields

logger = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(eq=False, slots=True)
class Job(Generic[T]):
    """One piece of decoding.

    Attributes:
        work: Runs in a worker thread with a decoder of its own.
        deliver: Gets the result, on the loop's thread, unless the job was cancelled.
        fail: Gets the error instead.
        is_started: Set when a worker has taken it.
        is_cancelled: Set by whoever no longer wants the result; a job that runs is not stopped.
    """

    work: Callable[[Decoder], T]
    deliver: Callable[[T], None]
    fail: Callable[[CaptionerError], None]
    is_started: bool = False
    is_cancelled: bool = False

    def cancel(self) -> None:
        """Forget it."""
        self.is_cancelled = True


class Lane:
    """The waiting work of one stream.

    Attributes:
        tags: What the lines of the log on it are about; the worker is no task of the stream.
    """

    def __init__(self, scheduler: DecodeScheduler) -> None:
        """Made by `DecodeScheduler.open_lane`."""
        self._scheduler = scheduler
        self._finals: deque[Job[str]] = deque()
        self._partial: Job[str] | None = None
        self.tags = current_tags()

    def submit_final(self, job: Job[str]) -> None:
        """Queue work that must be done, unless it is cancelled."""
        self._finals.append(job)
        self._scheduler.wake(self)

    def submit_partial(self, job: Job[str]) -> None:
        """Queue work that the next one of its kind replaces."""
        self.drop_partial()
        self._partial = job
        self._scheduler.wake(self)

    def drop_partial(self) -> None:
        """Forget the waiting partial."""
        if self._partial is not None:
            self._partial.cancel()
            self._partial = None

    def take(self) -> Job[str] | None:
        """Return the next piece of work; None when there is none."""
        while self._finals:
            final = self._finals.popleft()
            if not final.is_cancelled:
                return final
        partial, self._partial = self._partial, None
        return partial

    def close(self) -> None:
        """Forget all waiting work."""
        self.drop_partial()
        for job in self._finals:
            job.cancel()
        self._finals.clear()


class DecodeScheduler:
    """Owns the worker tasks, their threads and their decoders.

    Attributes:
        decode_s: Seconds that decoding took, of all decoders together.
    """

    def __init__(self, decoders: Sequence[Decoder]) -> None:
        """Start one worker for each decoder, on the running loop."""
        self._decoders = decoders
        self._threads = ThreadPoolExecutor(len(decoders), thread_name_prefix="decode")
        self._turns: deque[Lane] = deque()
        self._has_work = asyncio.Event()
        self.decode_s = 0.0
        self._workers = [
            asyncio.create_task(self._serve(decoder), name=f"decode-{number}")
            for number, decoder in enumerate(decoders)
        ]

    def open_lane(self) -> Lane:
        """Return a lane for a new stream."""
        return Lane(self)

    def wake(self, lane: Lane) -> None:
        """Give ``lane`` a turn, unless it already waits for one."""
        if lane not in self._turns:
            self._turns.append(lane)
        self._has_work.set()

    async def close(self) -> None:
        """End the workers after the decode that runs, and free the decoders."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.wait(self._workers)
        await asyncio.to_thread(self._threads.shutdown)
        for decoder in self._decoders:
            decoder.close()

    async def _serve(self, decoder: Decoder) -> None:
        loop = asyncio.get_running_loop()
        while True:
            lane, job = await self._next()
            job.is_started = True
            begun_at = time.monotonic()
            try:
                try:
                    result = await loop.run_in_executor(self._threads, job.work, decoder)
                finally:
                    self.decode_s += time.monotonic() - begun_at
                if not job.is_cancelled:
                    job.deliver(result)
            except CaptionerError as error:
                job.fail(error)
            except Exception as error:  # whatever it is, it ends one stream and not the worker
                logger.exception("Decoding failed", extra=with_fields(lane.tags))
                job.fail(EngineError(f"Decoding failed: {type(error).__name__}."))

    async def _next(self) -> tuple[Lane, Job[str]]:
        while True:
            while self._turns:
                lane = self._turns.popleft()
                if (job := lane.take()) is not None:
                    self._turns.append(lane)
                    return lane, job
            self._has_work.clear()
            await self._has_work.wait()
