"""A server that answers each chunk at once, cheaper than any client: bytes in, bytes out.

``python -m tests.measure.answering_server CHUNKS`` prints its port and serves until its standard
input ends. Each stream gets so many answers, made before the first one: growing partials, and a
final now and then.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any, Final

import grpc
from riva.client.proto import riva_asr_pb2

from scripts.benchmarks.run_riva_server import answers

CHUNK_MS: Final = 100
"""Each answer says that so much more audio was worked through."""

_SERVICE: Final = "/nvidia.riva.asr.RivaSpeechRecognition/"


class _Answers(grpc.GenericRpcHandler):  # type: ignore[misc]  # untyped
    def __init__(self, chunks: int) -> None:
        self._answers = answers(chunks)
        model = riva_asr_pb2.RivaSpeechRecognitionConfigResponse.Config(
            model_name="scripted", parameters={"type": "online", "language_code": "en-US"}
        )
        listed = riva_asr_pb2.RivaSpeechRecognitionConfigResponse(model_config=[model])
        self._listed = listed.SerializeToString()

    def service(self, details: Any) -> Any:  # noqa: ANN401  # gRPC's types
        if details.method == f"{_SERVICE}StreamingRecognize":
            return grpc.stream_stream_rpc_method_handler(self._stream)
        if details.method == f"{_SERVICE}GetRivaSpeechRecognitionConfig":
            return grpc.unary_unary_rpc_method_handler(self._list)
        return None

    async def _list(self, _request: bytes, _context: object) -> bytes:
        return self._listed

    async def _stream(self, _requests: object, context: Any) -> None:  # noqa: ANN401  # see above
        await context.read()  # the configuration
        for answer in self._answers:
            if await context.read() is grpc.aio.EOF:
                return
            await context.write(answer)


async def _serve(chunks: int) -> None:
    server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
    server.add_generic_rpc_handlers((_Answers(chunks),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)  # noqa: T201  # this is how it is found
    await asyncio.to_thread(sys.stdin.read)
    await server.stop(grace=None)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
