"""Streams in real time with Captioner's client: one `Recogniser` a stream, all on one loop."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import aclosing

from captioner.asr.endpoint import Endpoint
from captioner.asr.events import Heard
from captioner.asr.recogniser import Recogniser
from captioner.asr.route import OnlyRoute
from captioner.core.audio import AudioChunk
from captioner.riva.options import RecognitionOptions
from scripts.benchmarks.streams import (
    ClientRecord,
    Plan,
    chunks_of_speech,
    model_of,
    processor_s,
    run_on,
)


async def _play(
    recogniser: Recogniser, speech: list[bytes], stream: int, record: ClientRecord
) -> None:
    """Feed one stream's chunks when each has been heard in full, as a sound device would."""
    position = 0
    for number in range(record.plan.chunks):
        delay = record.due(stream, number) - time.monotonic()
        if delay > 0:
            await asyncio.sleep(delay)
        now = time.monotonic()
        record.handed[stream].append(now)
        chunk = AudioChunk(speech[number % len(speech)], position, now)
        recogniser.feed(chunk, is_loud=True)
        position = chunk.end


async def _read(recogniser: Recogniser, stream: int, record: ClientRecord) -> None:
    async with aclosing(recogniser.events()) as events:
        async for event in events:
            if isinstance(event, Heard):
                record.note_answer(stream, event.hypothesis.audio_processed_s)


async def _measure(record: ClientRecord) -> None:
    await asyncio.sleep(record.measured_from - time.monotonic())
    before = processor_s()
    await asyncio.sleep(record.measured_until - time.monotonic())
    record.processor_s = processor_s() - before
    await asyncio.sleep(record.given_up_at - time.monotonic())


async def _run(plan: Plan, speech: list[bytes]) -> None:
    route = OnlyRoute(Endpoint(host="127.0.0.1", port=plan.port))
    record = ClientRecord.begin(plan)
    tasks: list[asyncio.Task[None]] = []
    for stream in range(plan.streams):
        recogniser = Recogniser(route, RecognitionOptions(model=model_of(stream)))
        tasks += (
            asyncio.create_task(_play(recogniser, speech, stream, record), name=f"source-{stream}"),
            asyncio.create_task(_read(recogniser, stream, record), name=f"consumer-{stream}"),
        )
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
