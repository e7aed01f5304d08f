"""The engine's server in the test's own loop, and clips as samples."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeAlias, cast

import grpc
import numpy as np
import soundfile
import soxr
from riva.client.proto import riva_asr_pb2, riva_asr_pb2_grpc, riva_audio_pb2

from captioner.core.audio import SAMPLE_RATE
from captioner.engine.backend import Backend, RecognitionStream, Samples, Update
from captioner.engine.server import EngineServer, ServerOptions

Request: TypeAlias = riva_asr_pb2.StreamingRecognizeRequest
Response: TypeAlias = riva_asr_pb2.StreamingRecognizeResponse
Metadata: TypeAlias = tuple[tuple[str, str], ...] | None
CHUNK: Final = SAMPLE_RATE // 10


def samples(path: Path) -> Samples:
    """Return a file as 16 kHz mono."""
    sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return np.asarray(soxr.resample(sound.mean(axis=1), rate, SAMPLE_RATE), dtype=np.float32)


def pcm(sound: Samples) -> bytes:
    """Return samples as a client sends them."""
    return (np.clip(sound, -1, 1) * 32_767).astype("<i2").tobytes()


def silence(seconds: float) -> bytes:
    """Return that much digital silence as PCM at 16 kHz."""
    return bytes(2 * round(seconds * SAMPLE_RATE))


def config(*, interim: bool = True, **changes: object) -> riva_asr_pb2.StreamingRecognitionConfig:
    """Return what a usual client asks for, with ``changes`` to the inner configuration."""
    usual: dict[str, Any] = {
        "encoding": riva_audio_pb2.AudioEncoding.LINEAR_PCM,
        "sample_rate_hertz": SAMPLE_RATE,
        "language_code": "en-US",
        "audio_channel_count": 1,
        "max_alternatives": 1,
        "enable_automatic_punctuation": True,
        "enable_word_time_offsets": True,
    }
    return riva_asr_pb2.StreamingRecognitionConfig(
        config=riva_asr_pb2.RecognitionConfig(**(usual | changes)), interim_results=interim
    )


@dataclass
class Served:
    """A running server and a client of it.

    Attributes:
        server: The server.
        port: Where it listens.
        channel: The client's connection.
        stub: The client's calls.
    """

    server: EngineServer
    port: int
    channel: grpc.aio.Channel
    stub: Any

    async def stream(
        self, chunks: Iterable[bytes], *, metadata: Metadata = None, **changes: object
    ) -> list[Response]:
        """Send the configuration and the chunks, half-close, and return all responses.

        Where a refusal is expected, send no chunks: a write that crosses the refusal makes gRPC's
        client report an internal error instead.
        """
        call = self.stub.StreamingRecognize(metadata=metadata)
        await call.write(Request(streaming_config=config(**cast("Any", changes))))
        for chunk in chunks:
            await call.write(Request(audio_content=chunk))
        await call.done_writing()
        return [response async for response in call]


@asynccontextmanager
async def serving(
    backend: Backend, *, credentials: grpc.ChannelCredentials | None = None, **options: object
) -> AsyncIterator[Served]:
    """Serve ``backend`` on a port of the system's choice, until the block is left."""
    server = EngineServer(backend, replace(ServerOptions(), **cast("Any", options)))
    port = await server.start()
    target = f"localhost:{port}"
    try:
        async with (
            grpc.aio.insecure_channel(target)
            if credentials is None
            else grpc.aio.secure_channel(target, credentials) as channel
        ):
            stub = riva_asr_pb2_grpc.RivaSpeechRecognitionStub(channel)
            yield Served(server, port, channel, stub)
    finally:
        await server.close()


def chunks_of(data: bytes, size: int = 2 * CHUNK) -> list[bytes]:
    """Cut bytes into messages."""
    return [data[start : start + size] for start in range(0, len(data), size)]


def finals_of(responses: Iterable[Response]) -> list[str]:
    """Return the transcripts of the finals, as they were sent."""
    return [
        result.alternatives[0].transcript
        for response in responses
        for result in response.results
        if result.is_final
    ]


def partials_of(responses: Iterable[Response]) -> list[str]:
    """Return the partials, the parts of one response joined; without those that say nothing."""
    texts = [
        "".join(result.alternatives[0].transcript for result in response.results)
        for response in responses
        if response.results and not response.results[0].is_final
    ]
    return [text for text in texts if text]


async def hear(stream: RecognitionStream, sound: Samples, *, chunk: int = CHUNK) -> list[Update]:
    """Feed a stream to its end, as fast as it takes it, and return all its updates."""
    updates: list[Update] = []

    async def collect() -> None:
        updates.extend([update async for update in stream.updates()])

    collecting = asyncio.create_task(collect())
    try:
        for start in range(0, len(sound), chunk):
            await stream.feed(sound[start : start + chunk])
        await stream.finish()
        await collecting
    finally:
        collecting.cancel()
        await stream.close()
    return updates


def said(updates: Iterable[Update]) -> str:
    """Return the finals' words as one text."""
    return " ".join(
        one.text for update in updates for one in update.hypotheses if one.is_final and one.text
    )
