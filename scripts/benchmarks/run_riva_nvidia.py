"""Streams in real time with NVIDIA's own client: its generator of responses, a thread a stream.

Each thread has its own `Auth` and `ASRService`, as in NVIDIA's script for many streams.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator

import riva.client

from captioner.core.audio import SAMPLE_RATE
from scripts.benchmarks.streams import (
    CONNECT_S,
    ClientRecord,
    Plan,
    chunks_of_speech,
    model_of,
    processor_s,
    run_on,
)


class _Start:
    """Holds all sources back until each stream stands: gRPC asks a source for audio only then."""

    def __init__(self, record: ClientRecord) -> None:
        self._record = record
        self._standing = threading.Semaphore(0)
        self._begun = threading.Event()

    def wait(self) -> None:
        """Say that one stream stands, and wait for the others."""
        self._standing.release()
        self._begun.wait()

    def give(self) -> None:
        """Wait for all streams and begin."""
        give_up = time.monotonic() + CONNECT_S
        for _ in range(self._record.plan.streams):
            self._standing.acquire(timeout=max(0.0, give_up - time.monotonic()))
        self._record.begin()
        self._begun.set()


def _audio(
    speech: list[bytes], stream: int, record: ClientRecord, start: _Start
) -> Iterator[bytes]:
    """Yield one stream's chunks when each has been heard in full, as a sound device would."""
    start.wait()
    for number in range(record.plan.chunks):
        delay = record.due(stream, number) - time.monotonic()
        if delay > 0:
            time.sleep(delay)
        record.handed[stream].append(time.monotonic())
        yield speech[number % len(speech)]


def _stream(speech: list[bytes], stream: int, record: ClientRecord, start: _Start) -> None:
    service = riva.client.ASRService(riva.client.Auth(uri=f"127.0.0.1:{record.plan.port}"))
    config = riva.client.StreamingRecognitionConfig(
        config=riva.client.RecognitionConfig(
            encoding=riva.client.AudioEncoding.LINEAR_PCM,
            sample_rate_hertz=SAMPLE_RATE,
            language_code="en-US",
            model=model_of(stream),
            max_alternatives=1,
            audio_channel_count=1,
            enable_automatic_punctuation=True,
            enable_word_time_offsets=True,
        ),
        interim_results=True,
    )
    audio = _audio(speech, stream, record, start)
    for response in service.streaming_response_generator(audio, config):
        for result in response.results:
            record.note_answer(stream, result.audio_processed)


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


def main(plan: str) -> None:
    """Carry out ``plan`` and print the record as JSON."""
    known = Plan.from_json(plan)
    run_on(known.core)
    speech = chunks_of_speech()
    record = ClientRecord.of(known)
    start = _Start(record)
    for stream in range(known.streams):
        threading.Thread(target=_stream, args=(speech, stream, record, start), daemon=True).start()
    start.give()
    _sleep_until(record.measured_from)
    before = processor_s()
    _sleep_until(record.measured_until)
    record.processor_s = processor_s() - before
    _sleep_until(record.given_up_at)
    print(record.to_json(), flush=True)
    # The end of the streams is not measured, and a client that is behind would take long for it.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
