"""Streams in real time with Captioner's client: one `Recogniser` a stream, all on one loop."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import aclosing, suppress

from captioner.asr.endpoint import Endpoint
from captioner.asr.events import Connected, Heard
from captioner.asr.recogniser import Recogniser
from captioner.asr.route import OnlyRoute
from captioner.core.audio import AudioChunk
from captioner.riva.options import RecognitionOptions
from scripts.benchmarks.streams import (
    CONNECT_S,
    ClientRecord,
    Plan,
    chunks_of_speech,
    model_of,
    processor_s,
    run_on,
)


class _Source:
    """Feeds one stream each chunk when it has been heard in full, as a sound device would."""

    def __init__(
        self, recogniser: Recogniser, speech: list[bytes], stream: int, record: ClientRecord
    ) -> None:
        self._recogniser = recogniser
        self._speech = speech
        self._stream = stream
        self._record = record
        self._number = 0
        self._position = 0

    def await_next(self) -> None:
        """Have the next chunk handed over when it is due, if there is one."""
        if self._number < self._record.plan.chunks:
            # The loop's clock is `time.monotonic`.
            due = self._record.due(self._stream, self._number)
            asyncio.get_running_loop().call_at(due, self._hand_over)

    def _hand_over(self) -> None:
        now = time.monotonic()
        self._record.handed[self._stream].append(now)
        pcm = self._speech[self._number % len(self._speech)]
        chunk = AudioChunk(pcm, self._position, now)
        self._recogniser.feed(chunk, is_loud=True)
        self._number += 1
        self._position = chunk.end
        self.await_next()


async def _read(
    recogniser: Recogniser, stream: int, record: ClientRecord, standing: asyncio.Semaphore
) -> None:
    async with aclosing(recogniser.events()) as events:
        async for event in events:
            if isinstance(event, Heard):
                record.note_answer(stream, event.hypothesis.audio_processed_s)
            elif isinstance(event, Connected):
                standing.release()


async def _all(standing: asyncio.Semaphore, streams: int) -> None:
    """Wait until so many streams stand, or do not after a long time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(CONNECT_S):
            for _ in range(streams):
                await standing.acquire()


async def _measure(record: ClientRecord) -> None:
    await asyncio.sleep(record.measured_from - time.monotonic())
    before = processor_s()
    await asyncio.sleep(record.measured_until - time.monotonic())
    record.processor_s = processor_s() - before
    await asyncio.sleep(record.given_up_at - time.monotonic())


async def _run(plan: Plan, speech: list[bytes]) -> None:
    route = OnlyRoute(Endpoint(host="127.0.0.1", port=plan.port))
    record = ClientRecord.of(plan)
    standing = asyncio.Semaphore(0)
    sources, readers = [], []
    for stream in range(plan.streams):
        recogniser = Recogniser(route, RecognitionOptions(model=model_of(stream)))
        sources.append(_Source(recogniser, speech, stream, record))
        reading = _read(recogniser, stream, record, standing)
        readers.append(asyncio.create_task(reading, name=f"consumer-{stream}"))
    await _all(standing, plan.streams)
    record.begin()
    for source in sources:
        source.await_next()
    await _measure(record)
    print(record.to_json(), flush=True)
    # The end of the streams is not measured, and a client that is behind would take long for it.
    os._exit(0)


def main(plan: str) -> None:
    """Carry out ``plan`` and print the record as JSON."""
    known = Plan.from_json(plan)
    run_on(known.core)
    asyncio.run(_run(known, chunks_of_speech()))


if __name__ == "__main__":
    main(sys.argv[1])
