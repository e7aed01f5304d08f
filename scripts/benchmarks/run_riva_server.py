"""A gRPC server that answers each chunk of audio at once, from a script, and notes the times.

It has to be cheaper than any client: messages go in and out as bytes, and the answers are made
before the first stream. It ends when its standard input ends, and prints what it saw.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from typing import Any, Final

import grpc
from riva.client.proto import riva_asr_pb2

from captioner.core.hypothesis import Hypothesis, Word
from captioner.riva.serving import streaming_response
from scripts.benchmarks.streams import CHUNK_S, ServerRecord, processor_s, run_on, stream_of
from tests.support.clips import TWO_CITIES

_METHOD: Final = "/nvidia.riva.asr.RivaSpeechRecognition/StreamingRecognize"
_WORD_CHUNKS: Final = 3
_UTTERANCE_CHUNKS: Final = 24
_SAMPLE_S: Final = 0.25


def answers(chunks: int) -> list[bytes]:
    """Return the answer to each of so many chunks: growing partials, a final for each 8 words."""
    words = TWO_CITIES.text.split()
    made = []
    for number in range(chunks):
        begun = number // _UTTERANCE_CHUNKS * _UTTERANCE_CHUNKS
        is_final = number - begun == _UTTERANCE_CHUNKS - 1
        said = [
            Word(words[first // _WORD_CHUNKS % len(words)], 100 * first, 100 * (first + 3), 0.9)
            for first in range(begun, number + 1, _WORD_CHUNKS)
        ]
        processed_s = (number + 1) * CHUNK_S
        hypothesis = Hypothesis(
            " ".join(word.text for word in said),
            is_final=is_final,
            confidence=0.9,
            words=tuple(said) if is_final else (),
            audio_processed_s=processed_s,
        )
        response = streaming_response(
            (hypothesis,),
            position_s=processed_s,
            leading_space=begun > 0,
            word_times=True,
            request_id="",
        )
        made.append(response.SerializeToString())
    return made


class _Script(grpc.GenericRpcHandler):  # type: ignore[misc]  # untyped
    def __init__(self, record: ServerRecord, chunks: int) -> None:
        self._record = record
        self._answers = answers(chunks)

    def service(self, details: Any) -> Any:  # noqa: ANN401 - gRPC's types
        if details.method != _METHOD:
            return None
        return grpc.stream_stream_rpc_method_handler(self._stream)

    async def _stream(self, _requests: object, context: Any) -> None:  # noqa: ANN401 - gRPC's type
        self._record.calls += 1
        opening = riva_asr_pb2.StreamingRecognizeRequest.FromString(await context.read())
        stream = stream_of(opening.streaming_config.config.model)
        read = self._record.read[stream] = []
        wrote = self._record.wrote[stream] = []
        for answer in self._answers:
            if await context.read() is grpc.aio.EOF:
                return
            read.append(time.monotonic())
            wrote.append(time.monotonic())
            await context.write(answer)
        await context.read()


def _is_fault(said: logging.LogRecord) -> bool:
    """Tell a fault from a call that was broken off, as clients do here when they have measured."""
    return not (said.exc_info and said.exc_info[0] is asyncio.CancelledError)


async def _serve(chunks: int) -> None:
    logging.getLogger("grpc._cython.cygrpc").addFilter(_is_fault)
    record = ServerRecord()
    server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
    server.add_generic_rpc_handlers((_Script(record, chunks),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read), name="server-end")
    while not ended.done():
        record.processor.append((time.monotonic(), processor_s()))
        await asyncio.wait({ended}, timeout=_SAMPLE_S)
    record.processor.append((time.monotonic(), processor_s()))
    await server.stop(grace=None)
    print(record.to_json(), flush=True)


def main(chunks: str, core: str = "") -> None:
    """Serve ``chunks`` answers a stream, on one core if one is named, until the input ends."""
    run_on(int(core) if core else None)
    asyncio.run(_serve(int(chunks)))


if __name__ == "__main__":
    main(*sys.argv[1:])
